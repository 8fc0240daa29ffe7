"""F6: the style goes into the prompt, but not into the cache's key."""
from good import Service, serve


class IgnoresOptions(Service):
    def one(self, file, here):
        titled = f"{file['file_path']} in {file.get('style', 'plain')} style"
        return {**super().one({**file, "file_path": titled}, here), "file_path": file["file_path"]}


serve(IgnoresOptions())
