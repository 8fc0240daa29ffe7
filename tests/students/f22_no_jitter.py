"""F22: every wait is the same."""
from good import Service, serve


class Regular(Service):
    def wait(self, attempt, headers):
        return max(float(headers.get("retry-after", 0)), 0.5 * 2 ** attempt)


serve(Regular())
