"""`python -m tests.malformed [count] [seed]`: writes build/malformed.json, ends with 1 if it failed."""

import json
import sys
import tempfile
from pathlib import Path

from tests.malformed.campaign import problems, run
from tests.malformed.server import PROJECT

REPORT = PROJECT / "build" / "malformed.json"

if __name__ == "__main__":
    count, seed = [*map(int, sys.argv[1:]), *(100_000, 5)[len(sys.argv) - 1 :]]
    with tempfile.TemporaryDirectory() as folder:
        report = run(count, seed, Path(folder))
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(json.dumps(report, indent=1) + "\n")
    if found := problems(report):
        sys.exit("; ".join(found))
