"""F4: every request is a call."""
import uuid
from good import Service, serve


class NoCache(Service):
    def key(self, path, content):
        return uuid.uuid4()


serve(NoCache())
