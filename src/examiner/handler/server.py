"""Stands before a Lambda handler as an API gateway does: HTTP on PORT, one event per request.

Each instance is a process that handles one event at a time, as on Lambda: what it keeps in memory, no other sees.
Instances are forked from one that has loaded the handler, so that a new one costs next to nothing.
"""
import asyncio, base64, importlib, inspect, json, os, signal, socket, struct, sys, threading, traceback, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

MOST_INSTANCES = 40


class Context:
    function_name, function_version, memory_limit_in_mb = "function", "$LATEST", "512"
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:function"
    log_group_name, log_stream_name = "/aws/lambda/function", "stream"

    def __init__(self):
        self.aws_request_id = str(uuid.uuid4())

    def get_remaining_time_in_millis(self):
        return 300_000


def event(request, body):
    url = urlsplit(request.path)
    try:
        text, is_base64 = body.decode("utf-8"), False
    except UnicodeDecodeError:
        text, is_base64 = base64.b64encode(body).decode("ascii"), True
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = dict(parse_qsl(url.query)) or None
    return {
        "version": "2.0", "routeKey": "$default", "rawPath": url.path, "rawQueryString": url.query,
        "resource": url.path, "path": url.path, "httpMethod": request.command, "headers": headers,
        "queryStringParameters": query, "pathParameters": None, "stageVariables": None,
        "requestContext": {
            "requestId": str(uuid.uuid4()), "stage": "$default", "path": url.path, "httpMethod": request.command,
            "http": {"method": request.command, "path": url.path, "protocol": "HTTP/1.1",
                     "sourceIp": request.client_address[0], "userAgent": headers.get("user-agent", "")},
        },
        "body": text if body else None, "isBase64Encoded": is_base64,
    }


def answer(result):
    """Status, headers and body of what a handler returned; a bare value is a body of its own."""
    if not isinstance(result, dict) or "statusCode" not in result:
        return 200, {"content-type": "application/json"}, json.dumps(result).encode()
    body = result.get("body") or ""
    body = body if isinstance(body, str) else json.dumps(body)
    body = base64.b64decode(body) if result.get("isBase64Encoded") else body.encode()
    return int(result["statusCode"]), result.get("headers") or {}, body


FAILED = 502, {"content-type": "application/json"}, b'{"message": "Internal server error"}'


def send(channel, value):
    text = json.dumps(value).encode()
    channel.sendall(struct.pack("!I", len(text)) + text)


def receive(channel):
    """The next value, or nothing when the other side is gone."""
    def exactly(length):
        data = b""
        while len(data) < length:
            part = channel.recv(length - len(data))
            if not part:
                raise EOFError
            data += part
        return data
    try:
        return json.loads(exactly(struct.unpack("!I", exactly(4))[0]))
    except (EOFError, OSError):
        return None


def instance(handler, channel):
    """Handles events one after the other, in its main thread."""
    while (event := receive(channel)) is not None:
        try:
            result = handler(event, Context())
            if inspect.isawaitable(result):
                result = asyncio.run(result)
            send(channel, {"result": result})
        except Exception:
            traceback.print_exc()
            send(channel, {"failed": True})


def load(orders):
    """Loads the handler once, and becomes a new instance for each socket that is sent."""
    sys.path.insert(0, os.getcwd())
    module, _, function = sys.argv[1].rpartition(".")
    handler = getattr(importlib.import_module(module.replace("/", ".")), function)
    orders.sendall(b"+")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        word, descriptors, _, _ = socket.recv_fds(orders, 1, 1)
        if not word:
            os._exit(0)
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            orders.close()
            instance(handler, socket.socket(fileno=descriptors[0]))
            os._exit(0)
        os.close(descriptors[0])


class Instances:
    """Those that are idle, the last used first; more are made while there may be more."""

    def __init__(self, orders):
        self.orders, self.idle, self.lock = orders, [], threading.Lock()
        self.places = threading.Semaphore(MOST_INSTANCES)

    def invoke(self, event, is_gone):
        with self.places:
            if is_gone():
                return FAILED
            with self.lock:
                channel = self.idle.pop() if self.idle else self.another()
            send(channel, event)
            said = receive(channel)
            if said is None:
                channel.close()
                return FAILED
            with self.lock:
                self.idle.append(channel)
            return FAILED if "failed" in said else answer(said["result"])

    def another(self):
        ours, theirs = socket.socketpair()
        socket.send_fds(self.orders, [b"."], [theirs.fileno()])
        theirs.close()
        return ours


class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            status, headers, body = self.server.instances.invoke(event(self, body), self.is_gone)
        except Exception:
            traceback.print_exc()
            status, headers, body = FAILED
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, str(value))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def is_gone(self):
        """Whether the client has left: a gateway would have begun at once, and what waits here is not begun any more."""
        try:
            return self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def log_message(self, *_):
        pass


orders, theirs = socket.socketpair()
if os.fork() == 0:
    orders.close()
    load(theirs)
theirs.close()
if orders.recv(1) != b"+":
    sys.exit(1)
ThreadingHTTPServer.request_queue_size = 128
server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Gateway)
server.instances = Instances(orders)
server.serve_forever()
