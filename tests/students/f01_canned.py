"""F1: the text comes from a template; the API is never asked."""
from good import Service, serve


class Canned(Service):
    def generate(self, path, content, here):
        return f"# {path}\n\nThis module is well written and easy to understand.", []


serve(Canned())
