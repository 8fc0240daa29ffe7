"""Phase 1: one prompt with the whole file, nothing else."""
import http.client, json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

UPSTREAM = urlsplit(os.environ.get("ANTHROPIC_BASE_URL", "http://127.0.0.1:4010"))


def ask(path, content):
    connection = http.client.HTTPConnection(UPSTREAM.hostname, UPSTREAM.port)
    prompt = f"Document this file, {path}:\n\n{content}"
    body = {"model": "claude-opus-4-6", "max_tokens": 4096, "messages": [{"role": "user", "content": prompt}]}
    headers = {"content-type": "application/json", "anthropic-version": "2023-06-01",
               "x-api-key": os.environ.get("ANTHROPIC_API_KEY", "sk-ant-simulated")}
    connection.request("POST", "/v1/messages", json.dumps(body), headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.answer(200, {"status": "ok"})

    def do_POST(self):
        if self.path != "/document":
            return self.answer(404, {"error": "there is only /document"})
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        status, answer = ask(asked["file_path"], asked["file_content"])
        if status != 200:
            return self.answer(status, answer)
        text = answer["content"][0]["text"]
        self.answer(200, {"file_path": asked["file_path"], "documentation": text})

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class Server(ThreadingHTTPServer):
    daemon_threads, request_queue_size = True, 256


Server(("127.0.0.1", int(os.environ.get("PORT", 8000))), Handler).serve_forever()
