"""F14: chunks are cut after so many characters, wherever that is."""
from good import Service, serve


class Cuts(Service):
    def split(self, text, lines):
        if text.count("\n") < 2000:
            return super().split(text, lines)
        return [text[at:at + 2500] for at in range(0, len(text), 2500)]


serve(Cuts())
