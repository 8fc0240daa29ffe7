"""F18: an answer that was cut at max_tokens passes as whole."""
from good import Service, serve


class Ignores(Service):
    def chunk(self, path, chunk, here):
        return self.call(self.prompt(path, chunk), here)[0]


serve(Ignores())
