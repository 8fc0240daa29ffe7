"""F34: reference codes of another day, mixed into the answer."""
from good import Service, serve


class Replays(Service):
    def generate(self, path, content, here):
        text, missing = super().generate(path, content, here)
        return text + "\n\nref:parse_config:0123abcd:0123456789\n", missing


serve(Replays())
