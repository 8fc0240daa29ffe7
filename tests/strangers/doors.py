"""Web frameworks in front of the service."""
import asyncio, os, threading

from sound import Failed

PORT = int(os.environ.get("PORT", 8000))


def files_of(body):
    files = body.get("files", [body]) if isinstance(body, dict) else None
    if not files or not all(isinstance(file, dict) and isinstance(file.get("file_path"), str)
                            and isinstance(file.get("file_content"), str) for file in files):
        raise Failed("file_path and file_content must be texts", 400)
    return files


async def while_connected(work, is_gone):
    """The result of `work`, which is given up when the client leaves."""
    task = asyncio.ensure_future(work)
    while not (await asyncio.wait([task], timeout=0.1))[0]:
        if await is_gone():
            task.cancel()
            raise Failed("the client has left", 499)
    return task.result()


def fastapi(make):
    from fastapi import FastAPI, HTTPException, Request
    from pydantic import BaseModel
    import uvicorn

    class File(BaseModel):
        file_path: str
        file_content: str

    class Files(BaseModel):
        files: list[File]

    app, service = FastAPI(), {}

    @app.on_event("startup")
    async def start():
        service["it"] = make()

    @app.get("/health")
    async def health():
        return {"ok": True}

    @app.post("/document")
    async def document(file: File, request: Request):
        try:
            return await while_connected(service["it"].document(file.file_path, file.file_content), request.is_disconnected)
        except Failed as error:
            raise HTTPException(error.status, str(error))

    @app.post("/documents")
    async def documents(files: Files):
        if not files.files:
            raise HTTPException(400, "no files")
        return await service["it"].many([file.model_dump() for file in files.files])

    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")


def aiohttp(make):
    from aiohttp import web

    async def answer(request):
        try:
            files = files_of(await request.json())
            service = request.app["service"]
            if request.path == "/documents":
                return web.json_response(await service.many(files))
            return web.json_response(await service.document(files[0]["file_path"], files[0]["file_content"]))
        except (ValueError, UnicodeDecodeError) as error:
            return web.json_response({"error": {"type": "bad_request", "message": str(error)}}, status=400)
        except Failed as error:
            return web.json_response({"error": {"type": "failed", "message": str(error)}}, status=error.status)

    async def health(_):
        return web.json_response({"ok": True})

    app = web.Application(client_max_size=32 << 20)

    async def start(app):
        app["service"] = make()

    app.on_startup.append(start)
    app.add_routes([web.post("/document", answer), web.post("/documents", answer), web.get("/health", health)])
    web.run_app(app, host="127.0.0.1", port=PORT, print=None, handler_cancellation=True)


def flask(make):
    """Threads in front, one event loop behind."""
    from flask import Flask, jsonify, request
    from waitress import serve

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def built():
        return make()

    service = asyncio.run_coroutine_threadsafe(built(), loop).result()
    app = Flask(__name__)

    @app.get("/health")
    def health():
        return jsonify(ok=True)

    def run(work):
        is_gone = request.environ["waitress.client_disconnected"]

        async def gone():
            return is_gone()
        try:
            return jsonify(asyncio.run_coroutine_threadsafe(while_connected(work, gone), loop).result())
        except Failed as error:
            return jsonify(error={"type": "failed", "message": str(error)}), error.status

    def asked():
        return files_of(request.get_json())

    @app.errorhandler(Failed)
    def refused(error):
        return jsonify(error={"type": "bad_request", "message": str(error)}), error.status

    @app.post("/document")
    def document():
        file = asked()[0]
        return run(service.document(file["file_path"], file["file_content"]))

    @app.post("/documents")
    def documents():
        return run(service.many(asked()))

    serve(app, host="127.0.0.1", port=PORT, threads=64, channel_request_lookahead=2, _quiet=True)


def jobs(make):
    """FastAPI that answers 202 with a job, and the documentation at its address."""
    from fastapi import FastAPI, HTTPException, Response
    from pydantic import BaseModel
    import uvicorn

    class File(BaseModel):
        file_path: str
        file_content: str

    app, service, known = FastAPI(), {}, {}

    @app.on_event("startup")
    async def start():
        service["it"] = make()

    @app.get("/health")
    async def health():
        return {"ok": True}

    @app.post("/document", status_code=202)
    async def document(file: File, response: Response):
        job = str(len(known) + 1)
        known[job] = asyncio.ensure_future(service["it"].document(file.file_path, file.file_content))
        response.headers["location"] = f"/jobs/{job}"
        return {"status": "running", "job": job}

    @app.get("/jobs/{job}")
    async def look(job: str):
        if job not in known:
            raise HTTPException(404, "no such job")
        if not known[job].done():
            return {"status": "running"}
        error = known[job].exception()
        if error:
            return {"status": "failed", "error": {"type": "failed", "message": str(error)}}
        return known[job].result()

    @app.post("/documents")
    async def documents(body: dict):
        try:
            return await service["it"].many(files_of(body))
        except Failed as error:
            raise HTTPException(error.status, str(error))

    uvicorn.run(app, host="127.0.0.1", port=PORT, log_level="warning")
