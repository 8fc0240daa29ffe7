"""F19: one attempt and no more."""
from good import Service, serve


class Once(Service):
    attempts = 1
    calls_at_once = 10


serve(Once())
