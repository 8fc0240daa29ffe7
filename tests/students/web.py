"""The good service over HTTP: checks what it is asked, and answers each file for itself."""
import json, os, select, socket
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from calls import Failed, Gone


class Web:
    def one(self, file, here):
        text, missing = self.document(file["file_path"], file["file_content"], here)
        return {"file_path": file["file_path"], "documentation": text, "missing": missing}

    def many(self, files, here):
        def answer(file):
            try:
                return self.one(file, here)
            except Failed as error:
                return {"file_path": file["file_path"], "error": {"type": "failed", "message": str(error)}}
        with ThreadPoolExecutor(8) as pool:
            return {"results": list(pool.map(answer, files))}

    def check(self, body):
        try:
            asked = json.loads(body)
        except ValueError as error:
            raise Failed(400, f"the body is not JSON: {error}")
        files = asked.get("files", [asked]) if isinstance(asked, dict) else [None]
        for file in files:
            if not (isinstance(file, dict) and all(isinstance(file.get(k), str) for k in ("file_path", "file_content"))):
                raise Failed(400, "file_path and file_content must be texts")
        return files

    def connected(self, connection):
        ready, _, _ = select.select([connection], [], [], 0)
        if ready and not connection.recv(1, socket.MSG_PEEK):
            raise Gone

    def failure(self, error):
        return error.status, {"error": {"type": "failed", "message": str(error)}}

    def respond(self, handler):
        body = handler.rfile.read(int(handler.headers.get("content-length") or 0))
        here = lambda: self.connected(handler.connection)
        try:
            files = self.check(body)
            if handler.path.endswith("/documents"):
                return 200, self.many(files, here)
            return 200, self.one(files[0], here)
        except Failed as error:
            return self.failure(error)


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 256


def serve(service):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.answer(200, {"status": "ok"})

        def do_POST(self):
            try:
                self.answer(*service.respond(self))
            except (Gone, OSError):
                self.close_connection = True

        def answer(self, status, body):
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    Server(("127.0.0.1", int(os.environ.get("PORT", 8000))), Handler).serve_forever()
