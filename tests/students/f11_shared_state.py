"""F11: requests share a variable."""
import time
from good import Service, serve


class Shared(Service):
    def one(self, file, here):
        self.answer = super().one(file, here)
        time.sleep(0.02)
        return self.answer


serve(Shared())
