"""Whole processes on one table: what is paid once, what is refused and with which words, and what a broken table costs."""
import concurrent.futures
import contextlib
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import boto3

program, double = sys.argv[1], int(sys.argv[2])
endpoint = os.environ["AWS_ENDPOINT_URL_DYNAMODB"]
dynamodb = boto3.client("dynamodb", endpoint_url=endpoint, region_name=os.environ["AWS_REGION"])
failed = []


def check(what, good, seen=""):
    print(("ok    " if good else "FAILED"), what, "" if good else str(seen)[:1000], flush=True)
    if not good:
        failed.append(what)


def ran(*arguments, **environment):
    environment = {name: value for name, value in {**os.environ, **environment}.items() if value is not None}
    done = subprocess.run([program, *arguments], capture_output=True, text=True, env=environment, timeout=120)
    return done.returncode, done.stdout + done.stderr


class Started:
    def __init__(self, *arguments):
        self.log = tempfile.TemporaryFile("w+", errors="replace")
        command = [program, *arguments, "--listen", "127.0.0.1:0"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.url = re.search(r"http://[^/\s]+", self.process.stdout.readline())[0]
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def post(self, name, text):
        body = json.dumps({"file_path": name, "file_content": text}).encode()
        request = urllib.request.Request(self.url + "/document", body, {"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except (urllib.error.URLError, ConnectionError) as error:
            return getattr(error, "code", None), {}

    def paid(self):
        with urllib.request.urlopen(self.url + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("breaklab_upstream_attempts_total{"))


@contextlib.contextmanager
def started(*arguments):
    service = Started(*arguments)
    try:
        yield service
    finally:
        service.process.send_signal(signal.SIGINT)
        try:
            service.process.wait(20)
        except subprocess.TimeoutExpired:
            service.process.kill()
            failed.append("it ends when it is told to")


def source(number):
    return f"m{number}.py", f"def work_{number}(x):\n    return x + {number}\n"


def serve(mock, table, *more):
    return ["serve", "--platform", "local", "--upstream", mock.url, "--cache", f"dynamodb:{table}", *more]


def once(mock):
    """Eight services, asked for the same six files in the same moment."""
    with contextlib.ExitStack() as stack:
        services = [stack.enter_context(started(*serve(mock, "answers"))) for _ in range(8)]
        with concurrent.futures.ThreadPoolExecutor(48) as pool:
            jobs = [pool.submit(service.post, *source(number)) for number in range(6) for service in services]
            answers = [job.result() for job in jobs]
        check("eight services answer all", all(status == 200 for status, _ in answers), answers)
        paid = [service.paid() for service in services]
        check("each content is paid once by all of them together", sum(paid) == 6, paid)
    with started(*serve(mock, "answers")) as late:
        answers = [late.post(*source(number)) for number in range(6)]
        check("who comes later pays nothing", late.paid() == 0 and all(answer["cached"] for _, answer in answers), answers)
        code, said = ran("cache", "stats", "dynamodb:answers")
        check("stats: six answers, none being asked", code == 0 and "6 answers" in said and "0 being asked" in said, said)


def damaged(mock):
    item = next(item for item in dynamodb.scan(TableName="answers")["Items"] if "answer" in item)
    item["answer"]["S"] = "something else"
    dynamodb.put_item(TableName="answers", Item=item)
    with started(*serve(mock, "answers")) as service:
        answers = [service.post(*source(number)) for number in range(6)]
        check("a damaged answer is paid for again, and never handed out",
              service.paid() == 1 and "something else" not in json.dumps(answers), service.paid())


def foreign(mock):
    """Somebody else's item under a key of ours: it can be neither read nor replaced."""
    item = next(item for item in dynamodb.scan(TableName="answers")["Items"] if "answer" in item)
    for name in ("answer", "digest", "bytes"):
        del item[name]
    dynamodb.put_item(TableName="answers", Item=item)
    with started(*serve(mock, "answers")) as service:
        answers = [service.post(*source(number)) for number in range(6)]
        check("an item that is none of ours costs a call, and holds up nobody",
              service.paid() == 1 and all(status == 200 for status, _ in answers), answers)


def expired(mock):
    for item in dynamodb.scan(TableName="answers")["Items"]:
        item["expires_at"]["N"] = "1000"
        dynamodb.put_item(TableName="answers", Item=item)
    with started(*serve(mock, "answers")) as service:
        for number in range(6):
            service.post(*source(number))
        check("what has expired is paid for again", service.paid() == 6, service.paid())


def killed():
    """One is killed while it asks; who waits for it takes over."""
    with started("mock", "--quiet", "--speed", "10") as mock:
        victim = Started(*serve(mock, "answers", "--speed", "60"))
        text = "".join(f"def late_{n}(): pass\n" for n in range(40))
        lost = threading.Thread(target=victim.post, args=("late.py", text))
        lost.start()
        with started(*serve(mock, "answers", "--speed", "60", "--answer-within", "0")) as heir:
            while not any("lease" in item for item in dynamodb.scan(TableName="answers")["Items"]):
                time.sleep(0.02)
            victim.process.kill()
            lost.join()
            victim.process.wait()
            status, answer = heir.post("late.py", text)
            check("who waits for one that was killed takes over", status == 200 and heir.paid() == 1, (status, answer))


def refused():
    dynamodb.create_table(TableName="others", BillingMode="PAY_PER_REQUEST",
                          AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "N"}],
                          KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}])

    def start(table, **environment):
        return ran("serve", "--cache", f"dynamodb:{table}", "--listen", "127.0.0.1:0", **environment)

    def says(what, outcome, *words):
        code, said = outcome
        check(what, code == 2 and all(word in said for word in words) and said.count("\n") <= 3, outcome)

    says("no such table", start("nowhere"), "breaklab cache create dynamodb:nowhere", "AWS_REGION")
    says("the table is in another region", start("answers", AWS_REGION="eu-north-1"), "eu-north-1")
    says("a table with another key", start("others"), "id (N)", "choose another name")
    says("no region", start("answers", AWS_REGION=None, AWS_CONFIG_FILE="/dev/null"), "set AWS_REGION")
    says("no credentials", start("answers", AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None, AWS_CONFIG_FILE="/dev/null",
                                 AWS_SHARED_CREDENTIALS_FILE="/dev/null"), "AWS_PROFILE")
    says("nobody there", start("answers", AWS_ENDPOINT_URL_DYNAMODB="http://127.0.0.1:9"), "does not answer")
    says("a name that no table has", start("a"), "3 to 255 letters")
    says("no cache of ours", ran("serve", "--cache", "redis:answers"), "sqlite:FILE")

    class Expired(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = b'{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"The security token has expired"}'
            self.send_response(400)
            self.send_header("content-type", "application/x-amz-json-1.0")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Expired)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    says("expired credentials", start("answers", AWS_ENDPOINT_URL_DYNAMODB=f"http://127.0.0.1:{server.server_port}"), "get new ones")
    server.shutdown()


def documented():
    """A bulk job on one machine spares another one its cost."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/a.py", "w") as file:
            file.write("def a():\n    return 1\n\ndef b():\n    return 2\n")

        def document(out):
            return ran("document", f"{folder}/a.py", "--out", f"{folder}/{out}", "--cache", "dynamodb:answers")

        first, second = document("one"), document("two")
        check("document pays once for two folders", first[0] == second[0] == 0 and "1 call" in first[1] and "0 calls" in second[1],
              (first, second))
        pages = [open(f"{folder}/{out}/a.py.md").read() for out in ("one", "two")]
        check("and both pages are the same", pages[0] == pages[1])


def dies(mock):
    with started(*serve(mock, "answers")) as service:
        assert service.post(*source(100))[0] == 200
        os.kill(double, signal.SIGKILL)
        begun = time.monotonic()
        answers = [service.post(*source(number)) for number in range(101, 107)]
        took = time.monotonic() - begun
        check("a table that dies costs no answer", all(status == 200 for status, _ in answers), answers)
        check(f"and little time ({took:.1f} s for six)", took < 20)
        out_of_use = service.said().count("the cache is out of use")
        check("and is named, not with every answer", 1 <= out_of_use <= 3, service.said())


code, said = ran("cache", "create", "dynamodb:answers")
check("a table is made", code == 0 and "paid by request" in said and "forgets by itself" in said, said)
code, said = ran("cache", "create", "dynamodb:answers")
check("twice", code == 0 and "already" in said, said)
check("a day-old item goes by itself", dynamodb.describe_time_to_live(TableName="answers")["TimeToLiveDescription"]
      .get("AttributeName") == "expires_at")
with started("mock", "--quiet", "--latency", "none") as quick:
    once(quick)
    damaged(quick)
    foreign(quick)
    expired(quick)
    killed()
    refused()
    documented()
    code, said = ran("cache", "purge", "dynamodb:answers")
    check("purging takes a word", code == 2 and "--yes" in said, said)
    code, said = ran("cache", "purge", "dynamodb:answers", "--yes")
    check("and then forgets all", code == 0 and not dynamodb.scan(TableName="answers")["Items"], said)
    dies(quick)
sys.exit(len(failed) > 0)
