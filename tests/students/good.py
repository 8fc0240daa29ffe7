"""A documentation service that does everything right, in the standard library alone.

The services beside it each take one thing away: they subclass `Service` and override a method.
"""
import hashlib, http.client, json, os, random, re, select, socket, threading, time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

UPSTREAM = urlsplit(os.environ.get("ANTHROPIC_BASE_URL", "http://127.0.0.1:4010"))
KEY = os.environ.get("ANTHROPIC_API_KEY", "sk-ant-simulated")
TRANSIENT = {408, 429, 500, 502, 503, 504, 529}


class Failed(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Gone(Exception):
    """The client has left."""


class Service:
    attempts, timeout, base_wait, max_tokens, chunk_lines = 5, 2.5, 0.3, 4096, 1000
    calls_at_once = 10

    def __init__(self):
        self.cache, self.flights, self.lock = {}, {}, threading.Lock()
        self.slots = threading.Semaphore(self.calls_at_once)

    # One call, with retries.
    def send(self, prompt, retry=0):
        body = json.dumps({"model": "claude-opus-4-6", "max_tokens": self.max_tokens,
                           "messages": [{"role": "user", "content": prompt}]})
        connection = http.client.HTTPConnection(UPSTREAM.hostname, UPSTREAM.port, timeout=self.timeout)
        try:
            connection.request("POST", "/v1/messages", body, {
                "content-type": "application/json", "x-api-key": KEY, "anthropic-version": "2023-06-01",
                "x-stainless-retry-count": str(retry)})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError) as error:
            return 504, {}, {"error": {"message": str(error) or type(error).__name__}}
        finally:
            connection.close()

    def wait(self, attempt, headers):
        after = float(headers.get("retry-after", 0))
        return after + random.uniform(0, self.base_wait * 2 ** attempt)

    def retryable(self, status):
        return status in TRANSIENT

    def call(self, prompt, here):
        for attempt in range(self.attempts):
            with self.slots:
                here()
                status, headers, answer = self.send(prompt)
            if status == 200:
                return "".join(block["text"] for block in answer["content"]), answer["stop_reason"]
            if not self.retryable(status) or attempt + 1 == self.attempts:
                break
            time.sleep(self.wait(attempt, headers))
        raise Failed(status if status in (400, 413, 429) else 502, answer.get("error", {}).get("message", "no answer"))

    # Chunks begin at definitions.
    def split(self, text, lines):
        chunks, chunk = [], []
        for line in text.splitlines(keepends=True):
            if len(chunk) >= lines and re.match(r"\s*(async def|def|class)\s", line):
                chunks.append("".join(chunk))
                chunk = []
            chunk.append(line)
        return chunks + ["".join(chunk)]

    def prompt(self, path, chunk):
        return f"Document every definition, in order. Keep lines that start with ref:\n<source path={path!r}>\n{chunk}\n</source>\n"

    def chunk(self, path, chunk, here):
        text, stop = self.call(self.prompt(path, chunk), here)
        if stop != "max_tokens":
            return text
        halves = self.split(chunk, max(1, chunk.count("\n") // 2))
        if len(halves) < 2:
            raise Failed(502, "one definition does not fit an answer")
        return "\n\n".join(self.chunk(path, half, here) for half in halves)

    def generate(self, path, content, here):
        """Returns the text and what is missing."""
        chunks = self.split(content, self.chunk_lines)
        def one(chunk):
            try:
                return self.chunk(path, chunk, here), None
            except Failed as error:
                return "", error
        with ThreadPoolExecutor(8) as pool:
            parts = self.order(list(pool.map(one, chunks)))
        return self.join(parts)

    def order(self, parts):
        return parts

    def join(self, parts):
        errors = [error for _, error in parts if error]
        if len(errors) == len(parts):
            raise errors[0]
        return "\n\n".join(text for text, error in parts if not error), [str(error) for error in errors]

    # The cache, and one flight for equal contents.
    def key(self, path, content):
        return hashlib.sha256(content.encode()).hexdigest()

    def keep(self, key, result):
        if not result[1]:
            self.cache[key] = result

    def document(self, path, content, here):
        key = self.key(path, content)
        with self.lock:
            if key in self.cache:
                return self.cache[key]
            flight = self.flights.get(key)
            if flight is None:
                flight = self.flights[key] = {"done": threading.Event()}
                leads = True
            else:
                leads = False
        if not leads:
            flight["done"].wait(60)
            if "result" in flight:
                return flight["result"]
            raise flight.get("error") or Failed(502, "no result")
        try:
            flight["result"] = self.generate(path, content, here)
            with self.lock:
                self.keep(key, flight["result"])
            return flight["result"]
        except Failed as error:
            flight["error"] = error
            raise
        finally:
            with self.lock:
                self.flights.pop(key, None)
            flight["done"].set()

    # HTTP.
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


if __name__ == "__main__":
    serve(Service())
