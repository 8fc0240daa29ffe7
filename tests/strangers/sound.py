"""A sound documentation service in asyncio: chunks, a cache with one flight, a bound on calls, whole answers.

How the API is asked is left to a shape (see shapes.py), and how HTTP is spoken to a door (see doors.py).
"""
import asyncio, hashlib, re


class Failed(Exception):
    def __init__(self, message, status=502):
        super().__init__(message)
        self.status = status


DEFINITION = re.compile(r"(async def|def|class)\s")


def split(text, lines):
    chunks, chunk = [], []
    for line in text.splitlines(keepends=True):
        if len(chunk) >= lines and DEFINITION.match(line):
            chunks.append("".join(chunk))
            chunk = []
        chunk.append(line)
    return chunks + ["".join(chunk)]


class Sound:
    chunk_lines, at_once = 600, 8

    def __init__(self, shape):
        self.shape, self.cache, self.flights = shape, {}, {}
        self.chunk_lines = getattr(shape, "chunk_lines", self.chunk_lines)
        self.slots = asyncio.Semaphore(self.at_once)

    async def chunk(self, path, code):
        async with self.slots:
            text, stop = await self.shape.ask(path, code)
        if stop != "max_tokens":
            return text
        lines = code.count("\n")
        parts = split(code, max(1, lines // 2))
        if len(parts) < 2:
            async with self.slots:
                text, stop = await self.shape.ask(path, code)
            if stop == "max_tokens":
                raise Failed("one definition does not fit into an answer")
            return text
        return "\n\n".join([await self.chunk(path, part) for part in parts])

    async def generate(self, path, content):
        parts = await asyncio.gather(*(self.chunk(path, code) for code in split(content, self.chunk_lines)),
                                     return_exceptions=True)
        errors = [part for part in parts if isinstance(part, BaseException)]
        if len(errors) == len(parts):
            raise Failed(str(errors[0]), getattr(errors[0], "status_code", 502) if getattr(errors[0], "status_code", 0) in (400, 429) else 502)
        text = "\n\n".join(part for part in parts if not isinstance(part, BaseException))
        return {"file_path": path, "documentation": text, "status": "partial" if errors else "done",
                "missing": [str(error) for error in errors]}

    def key(self, path, content):
        return hashlib.sha256(content.encode()).hexdigest()

    async def document(self, path, content):
        key = self.key(path, content)
        if key in self.cache:
            return {**self.cache[key], "file_path": path}
        if key not in self.flights:
            flight = asyncio.ensure_future(self.generate(path, content))
            self.flights[key] = [flight, 0]
            flight.add_done_callback(lambda _: self.flights.pop(key, None))
        shared = self.flights[key]
        shared[1] += 1
        try:
            result = await asyncio.shield(shared[0])
        finally:
            shared[1] -= 1
            if shared[1] == 0:
                # Nobody is left who wants it.
                shared[0].cancel()
        if result["status"] == "done":
            self.cache[key] = result
        return {**result, "file_path": path}

    async def many(self, files):
        async def one(file):
            try:
                return await self.document(file["file_path"], file["file_content"])
            except Exception as error:
                return {"file_path": file["file_path"], "error": {"type": "failed", "message": str(error)}}
        return {"results": await asyncio.gather(*(one(file) for file in files))}
