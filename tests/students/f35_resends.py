"""F35: each chunk is sent with the chunk before it."""
from good import Service, serve


class Resends(Service):
    before = ""

    def split(self, text, lines):
        chunks = super().split(text, lines)
        self.context = dict(zip(chunks[1:], chunks)) if len(chunks) > 4 else {}
        return chunks

    def prompt(self, path, chunk):
        return "What came before:\n" + self.context.get(chunk, "") + super().prompt(path, chunk)


serve(Resends())
