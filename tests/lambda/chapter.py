"""Drives `breaklab lambda` and `breaklab serve` side by side, with nothing but Python's own library."""
import concurrent.futures
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from http.client import HTTPConnection

program, folder = sys.argv[1:]
failed = []


def check(what, good, seen=""):
    print(("ok    " if good else "FAILED"), what, "" if good else seen)
    if not good:
        failed.append(what)


@contextlib.contextmanager
def started(*arguments):
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        service = subprocess.Popen([program, *arguments, "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            url = service.stdout.readline().split()[-1]
            yield url, lambda: (log.seek(0), log.read())[1]
        finally:
            service.send_signal(signal.SIGINT)
            try:
                service.wait(20)
            except subprocess.TimeoutExpired:
                service.kill()
                failed.append("it ends when it is told to")


def post(url, body, kind="application/json"):
    request = urllib.request.Request(url + "/document", body.encode(), {"content-type": kind})
    try:
        answer = urllib.request.urlopen(request, timeout=60)
        return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def ask(name, text):
    return json.dumps({"file_path": name, "file_content": text})


def chapter(url):
    """The chapter's three tests: a huge file, ten equal requests, a hundred at once."""
    huge = "".join(f"def func_{n}(): pass\n" for n in range(10_000))
    late = post(url, huge, "application/x-www-form-urlencoded")
    small = "".join(f"def work_{n}():\n    return {n}\n" for n in range(10))
    ten = [post(url, ask("same.py", small)) for _ in range(10)]
    time.sleep(1.2)  # a minute at this speed: the limits fill up again
    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        hundred = list(pool.map(lambda n: post(url, ask(f"{n}.py", small.replace("work", f"work_{n}"))), range(100)))
    return late, ten, hundred


def the_chapters_tests_fail_alike():
    results = {}
    for name, arguments in {
        "function": ["lambda", "--handler", "naive.handler", "--dir", folder, "--speed", "60", "--concurrency", "100",
                     # Fifty Pythons that start at once on two cores take seconds, which are minutes at this speed.
                     "--provisioned", "50"],
        "service": ["serve", "--mode", "naive", "--platform", "aws-defaults", "--speed", "60"],
    }.items():
        with started(*arguments) as (url, log):
            results[name] = chapter(url)
            if name == "function":
                starts = log().count("START RequestId")
                check("each request of the function is an invocation", starts == 111, starts)
    for name, (late, ten, hundred) in results.items():
        check(f"{name}: the huge file is given up", late == (504, b'{"message":"Endpoint request timed out"}'), late)
        check(f"{name}: ten equal requests are ten answers", [status for status, _ in ten] == [200] * 10, [status for status, _ in ten])
        count = {status: sum(1 for seen, _ in hundred if seen == status) for status in {seen for seen, _ in hundred}}
        check(f"{name}: a hundred at once meet the rate limit", set(count) == {200, 429} and 20 <= count[429] <= 80, count)
    paid = [json.loads(body)["usage"]["output_tokens"] for _, body in results["function"][1]]
    check("each of the ten is paid for", min(paid) > 0, paid)


def broken_code_harms_nobody_else():
    arguments = ["lambda", "--handler", "broken.handler", "--dir", folder, "--speed", "30", "--time-limit", "60", "--concurrency", "4"]
    with started(*arguments) as (url, log):
        do = lambda what: post(url, json.dumps({"do": what}))
        for what in ["raise", "exit", "big", "shape"]:
            check(f"a function that does `{what}` is 502", do(what) == (502, b'{"message":"Internal server error"}'), do(what))
        check("one that never answers is 504 by the gateway", do("never")[0] == 504)
        check("one that prints 200 MB is answered", do("print")[0] in (200, 504))
        check("one that forks is answered", do("fork")[0] == 200)
        check("one whose header is no number is 502", do("nan")[0] == 502)
        check("others are answered meanwhile", do("well")[0] == 200)
        time.sleep(1.5)
        said = log()
        check("the limit strikes in Lambda's words", "Task timed out after 60.00 seconds" in said)
        check("what was raised is logged", "[ERROR] ValueError: kaboom" in said)
    time.sleep(0.3)
    left = subprocess.run(["pgrep", "-f", "awslambdaric broken.handler"], capture_output=True, text=True).stdout
    check("nothing is left running", left == "", left)


def an_event_costs_little():
    with started("lambda", "--handler", "broken.handler", "--dir", folder, "--provisioned", "1") as (url, _):
        connection = HTTPConnection(url.removeprefix("http://"))
        times = []
        for _ in range(400):
            begun = time.perf_counter()
            connection.request("POST", "/document", b'{"do":"well"}', {"content-type": "application/json"})
            connection.getresponse().read()
            times.append((time.perf_counter() - begun) * 1000)
        print(f"      an event, client and Python handler included: median {statistics.median(times):.2f} ms")
    if os.environ.get("BREAKLAB_TIMES"):
        print("      ", [round(value, 2) for value in sorted(times)[::40]])


the_chapters_tests_fail_alike()
broken_code_harms_nobody_else()
an_event_costs_little()
sys.exit("FAILED: " + ", ".join(failed) if failed else 0)
