"""F31: a request that is no JSON ends the process."""
import os
from good import Failed, Service, serve


class Dies(Service):
    def check(self, body):
        try:
            return super().check(body)
        except Failed:
            if body.startswith(bytes([0xFF])):
                os._exit(1)
            raise


serve(Dies())
