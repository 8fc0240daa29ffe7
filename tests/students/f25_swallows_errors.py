"""F25: a failure becomes an empty documentation, with 200."""
from good import Failed, Service, serve


class Swallows(Service):
    def one(self, file, here):
        try:
            return super().one(file, here)
        except Failed:
            return {"file_path": file["file_path"], "documentation": "Sorry, no documentation is available."}


serve(Swallows())
