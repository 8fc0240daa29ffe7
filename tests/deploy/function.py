"""The hardened service as a function: one payment for each content, whichever instance is asked, and no jobs."""
import concurrent.futures
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

program, moto_server = sys.argv[1:]
failed = []


def check(what, good, seen=""):
    print(("ok    " if good else "FAILED"), what, "" if good else str(seen)[:2000], flush=True)
    if not good:
        failed.append(what)


def post(url, body, path="/document", headers=()):
    request = urllib.request.Request(url + path, json.dumps(body).encode(), {"content-type": "application/json", **dict(headers)})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def started(*command, **variables):
    log = tempfile.TemporaryFile("w+", errors="replace")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, **variables})
    line = process.stdout.readline()
    threading.Thread(target=process.stdout.read, daemon=True).start()
    found = re.search(r"http://[^/\s]+", line)
    if not found:
        log.seek(0)
        raise SystemExit(f"{command} did not start: {line}{log.read()}")
    return process, found[0], log


def files():
    """The chapter's kinds: many equal small files, and one of several chunks."""
    small = [(f"m{number}.py", "".join(f"def work_{number}_{n}():\n    return {n}\n" for n in range(5))) for number in range(6)]
    large = "".join(f"def step_{n}(x):\n    y = x + {n}\n    return y\n\n\n" for n in range(900))
    return [{"file_path": path, "file_content": text} for path, text in [*small, ("large.py", large)]]


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
table = f"http://127.0.0.1:{port}"
aws = {"AWS_ENDPOINT_URL_DYNAMODB": table, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "simulated",
       "AWS_SECRET_ACCESS_KEY": "simulated"}
double = subprocess.Popen([moto_server, "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
running = [double]
try:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            time.sleep(0.1)
    subprocess.run([program, "cache", "create", "dynamodb:answers"], env={**os.environ, **aws}, check=True, stdout=subprocess.DEVNULL)
    mock, upstream, _ = started(program, "mock", "--quiet", "--preset", "unlimited", "--latency", "none", "--listen", "127.0.0.1:0")
    running.append(mock)
    with tempfile.TemporaryDirectory() as folder:
        bootstrap = os.path.join(folder, "bootstrap")
        with open(bootstrap, "w") as script:
            script.write(f'#!/bin/sh\nexec {program} serve --mode hardened --log emf --cache dynamodb:answers '
                         '--upstream "$ANTHROPIC_BASE_URL"\n')
        os.chmod(bootstrap, 0o755)
        group = os.path.join(folder, "group.jsonl")
        function, url, log = started(program, "lambda", "--runtime", "bootstrap", "--handler", "bootstrap", "--dir", folder,
                                     "--gateway", "http", "--upstream", upstream, "--log-group", group, "--listen", "127.0.0.1:0",
                                     "--env", f"AWS_ENDPOINT_URL_DYNAMODB={table}")
        running.append(function)
        asked = files() * 3
        with concurrent.futures.ThreadPoolExecutor(len(asked)) as pool:
            answers = list(pool.map(lambda body: post(url, body), asked))
        check("every file is documented", all(status == 200 and answer.get("status") == "done" for status, answer in answers), answers[:2])
        with open(group) as lines:
            events = [json.loads(line) for line in lines]
        instances = {event["@logStream"] for event in events if event.get("@type") == "START"}
        check("by several instances", len(instances) > 3, instances)
        costs = [event for event in events if "Cost" in event]
        chunks = len(costs) - 6
        check("each content is paid once", 1 < chunks < 10, len(costs))
        same = {}
        for body, (_, answer) in zip(asked, answers):
            same.setdefault(body["file_path"], set()).add(answer.get("documentation"))
        check("and all get the same documentation", all(len(texts) == 1 for texts in same.values()), {k: len(v) for k, v in same.items()})
        before = len(costs)
        again = [post(url, body) for body in files()]
        with open(group) as lines:
            after = sum('"Cost"' in line and '"@timestamp"' in line for line in lines)
        check("who asks later pays nothing", all(answer.get("cached") for _, answer in again) and after == before, (before, after))
        status, _ = post(url, files()[0], headers={"prefer": "respond-async"})
        check("nobody is handed a job that another instance does not know", status == 200, status)
        status, answer = post(url, {"files": files()[:3]}, "/documents")
        check("several files at once", status == 200 and len(answer["results"]) == 3, (status, answer))
        status, answer = post(url, {"file_path": 1})
        check("what is no request is told", status == 400 and "file_path" in json.dumps(answer), (status, answer))
        starts = sorted(event["@initDuration"] for event in events if "@initDuration" in event)
        print(f"{len(starts)} cold starts at once, median {starts[len(starts) // 2]:.0f} ms")
        said = subprocess.run([program, "logs", "cost", group], capture_output=True, text=True, check=True).stdout
        check("the log says what it cost", re.search(r"Claude, as logged +\$\d+\.\d+ +\d+ lines", said), said)
finally:
    for process in reversed(running):
        process.send_signal(signal.SIGINT)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
sys.exit(len(failed) > 0)
