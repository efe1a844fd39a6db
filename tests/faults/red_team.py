"""`python -m tests.faults.red_team`: the tests of every finding of the attackers' review, into build/attacks.json."""

import json
import subprocess
import sys
from pathlib import Path

from tests.faults.table import ALL, FINDINGS, Finding

REPORT = Path("build/attacks.json")


def held(finding: Finding) -> bool:
    """Run a finding's tests; say whether they are green."""
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "900", *finding.tests]
    return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def main() -> int:
    """Run all, write the report, and return 1 when a test is red; what is open is listed."""
    rows = []
    for finding in FINDINGS:
        rows.append({"id": finding.id, "promise": finding.promise, "tests": finding.tests, "green": held(finding)})
        print(f"{finding.id} {'holds' if rows[-1]['green'] else 'FAILED'}: {finding.promise}", flush=True)  # noqa: T201
    still_open = sorted(set(ALL) - {finding.id for finding in FINDINGS})
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps({"findings": rows, "open": still_open}, indent=1), encoding="utf-8")
    print(f"open: {', '.join(still_open)}. {REPORT}")  # noqa: T201
    return 0 if all(row["green"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
