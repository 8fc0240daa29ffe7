"""F2: the API is asked, but its answer is thrown away."""
from good import Service, serve


class OwnText(Service):
    def generate(self, path, content, here):
        super().generate(path, content, here)
        return f"# {path}\n\nThis module is well written.", []


serve(OwnText())
