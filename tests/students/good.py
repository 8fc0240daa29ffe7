"""A documentation service that does everything right, in the standard library alone.

The services beside it each take one thing away: they subclass `Service` and override a method.
"""
import hashlib, re, threading
from concurrent.futures import ThreadPoolExecutor

from calls import KEY, Calls, Failed
from web import Web, serve


class Service(Calls, Web):
    chunk_lines, calls_at_once = 1000, 10

    def __init__(self):
        self.cache, self.flights, self.lock = {}, {}, threading.Lock()
        self.slots = threading.Semaphore(self.calls_at_once)

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


if __name__ == "__main__":
    serve(Service())
