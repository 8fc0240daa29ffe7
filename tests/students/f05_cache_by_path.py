"""F5: the cache looks at the path alone."""
from good import Service, serve


class ByPath(Service):
    def key(self, path, content):
        return path


serve(ByPath())
