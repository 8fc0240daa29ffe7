"""F9: a failure is remembered like a result."""
from good import Failed, Service, serve


class Remembers(Service):
    failures = {}

    def document(self, path, content, here):
        key = self.key(path, content)
        if key in self.failures:
            raise self.failures[key]
        try:
            return super().document(path, content, here)
        except Failed as error:
            self.failures[key] = error
            raise


serve(Remembers())
