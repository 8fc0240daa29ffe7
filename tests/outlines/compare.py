"""Holds `breaklab document --list` against a compiler's own outline: what is missing, what is invented.

compare.py THEIRS OURS: rows of FILE, LINE and NAME; line 0 says that only the file is known. Ends with 1 when more
than one definition in 10,000 is missing or any is invented.
"""

import sys
from collections import Counter


def bare(name: str) -> str:
    start = name.find("[") if name.endswith("]") else -1
    return name[start:] if start >= 0 else name.rsplit(".", 1)[-1]


def rows(path: str, with_lines: bool) -> Counter:
    found = Counter()
    with open(path, encoding="utf-8", errors="replace") as lines:
        for row in lines:
            file, line, name = row.rstrip("\n").split("\t")
            found[(file, line if with_lines else "0", bare(name))] += 1
    return found


def main(theirs_path: str, ours_path: str) -> int:
    with open(theirs_path, encoding="utf-8") as first:
        with_lines = first.readline().split("\t")[1] != "0"
    theirs, ours = rows(theirs_path, with_lines), rows(ours_path, with_lines)
    files = {file for file, _, _ in ours}
    missing = {place: n for place, n in (theirs - ours).items() if place[0] in files}
    extra = ours - theirs
    total = sum(n for place, n in theirs.items() if place[0] in files)
    for word, places in ("missing", missing), ("invented", extra):
        for place in list(places)[:20]:
            print(word, *place)
    counts = sum(missing.values()), sum(extra.values())
    print(f"{total} definitions in {len(files)} files: {counts[0]} missing, {counts[1]} invented")
    return int(counts[0] * 10_000 > total or counts[1] > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
