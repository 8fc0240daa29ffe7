"""F40: whoever comes while others are served is turned away."""
import threading
from good import Failed, Service, serve


class TurnsAway(Service):
    seats = threading.Semaphore(12)

    def one(self, file, here):
        if not self.seats.acquire(blocking=False):
            raise Failed(429, "too many clients")
        try:
            return super().one(file, here)
        finally:
            self.seats.release()


serve(TurnsAway())
