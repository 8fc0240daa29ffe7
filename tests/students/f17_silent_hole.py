"""F17: a chunk that failed is left out without a word."""
from good import Service, serve


class Silent(Service):
    def join(self, parts):
        text, missing = super().join(parts)
        return text, []


serve(Silent())
