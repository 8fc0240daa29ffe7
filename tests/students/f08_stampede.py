"""F8: equal requests at once all find the cache empty."""
from good import Service, serve


class Stampede(Service):
    def document(self, path, content, here):
        key = self.key(path, content)
        if key not in self.cache:
            result = self.generate(path, content, here)
            self.keep(key, result)
            return result
        return self.cache[key]


serve(Stampede())
