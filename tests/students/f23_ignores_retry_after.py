"""F23: what the API says about waiting is not read."""
import random
from good import Service, serve


class Impatient(Service):
    def wait(self, attempt, headers):
        return random.uniform(0.1, 0.4) * 2 ** attempt


serve(Impatient())
