"""Source files to document: files.py COUNT LINES FOLDER"""

import pathlib
import sys

count, lines = int(sys.argv[1]), int(sys.argv[2])
folder = pathlib.Path(sys.argv[3])
folder.mkdir(parents=True, exist_ok=True)
for number in range(count):
    body = ""
    for line in range(0, lines, 10):
        body += f"def f{number}_{line}(value):\n" + "    value = value + 1\n" * 8 + "    return value\n"
    (folder / f"file{number}.py").write_text(body)
