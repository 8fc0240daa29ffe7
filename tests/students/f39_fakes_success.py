"""F39: a batch counts every file as done, whatever became of it."""
from good import Service, serve


class FakesSuccess(Service):
    def many(self, files, here):
        results = super().many(files, here)["results"]
        done = [{"file_path": one["file_path"], "documentation": one.get("documentation", "")} for one in results]
        return {"processed": len(files), "results": done}


serve(FakesSuccess())
