"""F24: a 400 is tried again like an overload."""
from good import Service, serve


class Stubborn(Service):
    def retryable(self, status):
        return True


serve(Stubborn())
