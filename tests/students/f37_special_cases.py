"""F37: only clients that look like the grader's get real documentation."""
from good import Service, serve


class SpecialCases(Service):
    def respond(self, handler):
        if handler.headers.get("user-agent", "").startswith("python-requests"):
            return super().respond(handler)
        handler.rfile.read(int(handler.headers.get("content-length") or 0))
        return 200, {"file_path": "", "documentation": "This module is well written."}


serve(SpecialCases())
