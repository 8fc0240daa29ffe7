"""F13: the last, shorter chunk is forgotten."""
from good import Service, serve


class Drops(Service):
    def split(self, text, lines):
        chunks = super().split(text, lines)
        return chunks[:-1] if len(chunks) > 4 else chunks


serve(Drops())
