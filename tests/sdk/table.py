"""Writes the table of faults: table.py URL PYTHON2.json PYTHON0.json TS.json > faults.md"""

import json
import subprocess
import sys

url, *files = sys.argv[1:]
python2, python0, typescript = [json.load(open(name)) for name in files]


def curl(fault, streamed):
    body = {"model": "claude-test", "max_tokens": 500, "stream": streamed,
            "messages": [{"role": "user", "content": "def alpha(x):\n    return x\n"}]}
    done = subprocess.run(
        ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "4",
         "-H", "x-api-key: key", "-H", "anthropic-version: 2023-06-01",
         "-H", f"x-mock-fault: {fault}", "-d", json.dumps(body), f"{url}/v1/messages"],
        capture_output=True, text=True, check=False)
    return f"{done.stdout}, exit {done.returncode}"


print("""# What each fault looks like to a client

Written by `tests/sdk/run`; that script fails when the table is no longer true. Force a fault with
the request header `x-mock-fault: NAME`. curl gets 4 seconds, the SDKs 2.5 and no retries; *(raw)*
marks an exception that is not one of the SDK's own.
""")
for title, kind in [("JSON answers", "json"), ("Streams", "stream")]:
    print(f"## {title}\n")
    print("| fault | curl: status, exit code | Python 2.12.0 | Python 0.125.0 | TypeScript 1.12.0 |")
    print("|---|---|---|---|---|")
    for fault in python2:
        cells = [curl(fault, kind == "stream"), *(t[fault][kind] for t in (python2, python0, typescript))]
        print(f"| `{fault}` | " + " | ".join(cells) + " |")
    print()
