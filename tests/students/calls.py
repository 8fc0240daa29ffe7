"""The good service's way to the API: one call, with bounded, random, obedient retries."""
import http.client, json, os, random, time
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


class Calls:
    attempts, timeout, base_wait, max_tokens = 5, 2.5, 0.3, 4096

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
