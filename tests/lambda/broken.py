"""Code that fails in every way that a function can."""
import json
import os
import signal
import subprocess
import sys
import time

signal.signal(signal.SIGTERM, signal.SIG_IGN)


def handler(event, context):
    asked = json.loads(event["body"])["do"]
    if asked == "raise":
        raise ValueError("kaboom")
    if asked == "exit":
        sys.exit(3)
    if asked == "print":
        for _ in range(200):
            sys.stdout.write("x" * 1023 + "\n")
            sys.stdout.write("y" * (1 << 20) + "\n")
    if asked == "fork":
        subprocess.Popen(["sleep", "600"])
    if asked == "big":
        return {"statusCode": 200, "body": "x" * (10 << 20)}
    if asked == "shape":
        return ["no", "object"]
    if asked == "never":
        time.sleep(600)
    if asked == "nan":
        return {"statusCode": 200, "body": "{}", "headers": {"x": float("nan")}}
    return {"statusCode": 200, "body": json.dumps({"did": asked, "pid": os.getpid()})}
