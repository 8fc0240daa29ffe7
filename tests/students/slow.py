"""Not wrong, but eight seconds late with every answer."""
import time
from good import Service, serve


class Slow(Service):
    def one(self, file, here):
        time.sleep(8)
        return super().one(file, here)


serve(Slow())
