"""F30: work goes on for clients that have left."""
from good import Service, serve


class Zombie(Service):
    calls_at_once = 6

    def connected(self, connection):
        pass


serve(Zombie())
