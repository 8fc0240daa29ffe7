"""F27: every request calls at once."""
from good import Service, serve


class Unbounded(Service):
    calls_at_once = 1000


serve(Unbounded())
