"""F22: every wait is the same, and so long that what a busy machine adds is little beside it."""
from good import Service, serve


class Regular(Service):
    def wait(self, attempt, headers):
        return max(float(headers.get("retry-after", 0)), 1.5)


serve(Regular())
