"""The documentation service of Phase 1, as small as it can be: one prompt with the whole file.

    python3 document.py FILE... [--times N] [--at-once N] [--timeout SECONDS]
"""

import argparse
import concurrent.futures
import pathlib
import time

import anthropic

parser = argparse.ArgumentParser()
parser.add_argument("files", nargs="+", type=pathlib.Path)
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--at-once", type=int, default=1)
parser.add_argument("--timeout", type=float, default=300.0)
args = parser.parse_args()

# No retries: what goes wrong is to be seen.
client = anthropic.Anthropic(max_retries=0, timeout=args.timeout)


def document(path):
    try:
        message = client.messages.create(
            model="claude-opus-4-6",
            max_tokens=32_000,
            messages=[{"role": "user", "content": f"Document this file:\n{path.read_text()}"}],
        )
    except anthropic.APIError as error:
        return type(error).__name__
    return message.stop_reason


start = time.monotonic()
with concurrent.futures.ThreadPoolExecutor(args.at_once) as pool:
    ends = list(pool.map(document, args.files * args.times))
for end in sorted(set(ends)):
    print(f"{ends.count(end):5} x {end}")
print(f"{time.monotonic() - start:.0f} s")
