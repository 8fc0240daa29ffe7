"""F36: an error tells everything, also the key."""
from good import KEY, Service, serve


class Leaks(Service):
    def failure(self, error):
        return error.status, {"error": {"type": "failed", "message": f"{error} (with x-api-key {KEY})"}}


serve(Leaks())
