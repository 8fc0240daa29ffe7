"""F20: it asks again and again, and soon."""
import random
from good import Service, serve


class Storm(Service):
    attempts = 60

    def wait(self, attempt, headers):
        return float(headers.get("retry-after", 0)) + random.uniform(0, 0.2)


serve(Storm())
