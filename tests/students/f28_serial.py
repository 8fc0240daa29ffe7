"""F28: a lock around every call."""
from good import Service, serve


class Serial(Service):
    calls_at_once = 1


serve(Serial())
