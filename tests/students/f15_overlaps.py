"""F15: chunks overlap, and nobody removes what is there twice."""
from good import Service, serve


class Overlaps(Service):
    def split(self, text, lines):
        chunks = super().split(text, lines)
        tails = [""] + ["".join(chunk.splitlines(keepends=True)[-24:]) for chunk in chunks[:-1]]
        return [tail + chunk for tail, chunk in zip(tails, chunks)] if len(chunks) > 4 else chunks


serve(Overlaps())
