"""Stands before a Lambda handler as an API gateway does: HTTP on PORT, one event per request."""
import asyncio, base64, importlib, inspect, json, os, sys, threading, traceback, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

sys.path.insert(0, os.getcwd())
module, _, function = sys.argv[1].rpartition(".")
handler = getattr(importlib.import_module(module.replace("/", ".")), function)


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


class Gateway(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def serve(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        try:
            result = handler(event(self, body), Context())
            if inspect.isawaitable(result):
                result = asyncio.run(result)
            status, headers, body = answer(result)
        except Exception:
            traceback.print_exc()
            status, headers, body = 502, {"content-type": "application/json"}, b'{"message": "Internal server error"}'
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "connection"):
                self.send_header(name, str(value))
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = serve

    def log_message(self, *_):
        pass


ThreadingHTTPServer.request_queue_size = 128
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Gateway).serve_forever()
