"""F29: it waits for the API as long as it takes."""
from good import Service, serve


class Patient(Service):
    timeout = 600


serve(Patient())
