"""F26: whatever is wrong with a request, it is a 500."""
from good import Service, serve


class Breaks(Service):
    def failure(self, error):
        return 500, {"error": {"type": "internal", "message": str(error)}}


serve(Breaks())
