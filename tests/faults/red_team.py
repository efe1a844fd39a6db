"""`make attacks`: every finding of the attackers' review on 5b55bc2 and on this code, into build/attacks.json.

A finding's probes (`test_rt_<number>_*`) run in a checkout of 5b55bc2, where each must get through, and here, where
each must be refused. Another error, or a probe that didn't run, proves nothing and fails. The tests of
tests/faults/table.py, which hold the promise since, run here.
"""

import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.faults.probes.outcome import GotThroughError
from tests.faults.table import ALL, FINDINGS, Finding

ROOT = Path(__file__).resolve().parents[2]
REVIEWED = "5b55bc2"
REPORT = ROOT / "build" / "attacks.json"
PROBES = (
    "tests/faults/probes",
    "tests/unit/model_code/serving/test_review_probes.py",
    "tests/infrastructure/test_review_probes.py",
    "tests/contract/mlflow/test_review_probes.py",
)
THROUGH, REFUSED, ERROR = "got through", "refused", "error"


@dataclass(frozen=True)
class Outcome:
    """How a test ended, with the evidence of an attack that got through, or of an error."""

    test: str
    outcome: str
    evidence: str = ""

    @property
    def of(self) -> str:
        """The finding whose probe it is; empty for other tests."""
        found = re.search(r"::test_rt_(\d\d)_", self.test)
        return f"RT-{found[1]}" if found else ""


def outcomes(told: str) -> Iterator[Outcome]:
    """Read pytest's JUnit report.

    A probe that ended in its own error got through; whatever else failed is an error, and so is what was skipped.
    """
    for case in ET.fromstring(told).iter("testcase"):  # noqa: S314 - pytest's own, of a moment ago
        test = f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name', '')}"
        bad = next((part for kind in ("failure", "error", "skipped") if (part := case.find(kind)) is not None), None)
        if bad is None:
            yield Outcome(test, REFUSED)
            continue
        message = bad.get("message") or bad.text or ""
        got = bad.tag == "failure" and message.startswith(f"{GotThroughError.__module__}.{GotThroughError.__name__}: ")
        yield Outcome(test, THROUGH if got else ERROR, message.partition("Error: ")[2] if got else message[:600])


def run(tests: Sequence[str], tree: Path) -> list[Outcome]:
    """Run tests in a tree by its own pytest settings; return how each ended.

    Raises:
        SystemExit: pytest left no report.
    """
    report = ROOT / "build" / "attacks.xml"
    report.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "--timeout", "900", f"--junit-xml={report}", *tests]
    ended = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    if not report.is_file():
        sys.exit(f"pytest ended with {ended.returncode} in {tree} and left no report:\n{ended.stdout}{ended.stderr}")
    return list(outcomes(report.read_text(encoding="utf-8")))


def reviewed() -> Path:
    """Lay out the reviewed commit, with this tree's probes in it and the code of its functions bundled.

    Raises:
        SystemExit: the commit isn't there.
    """
    tree = ROOT / "build" / "attacks" / REVIEWED
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    packed = subprocess.run(["git", "archive", REVIEWED], cwd=ROOT, capture_output=True, check=False)
    if packed.returncode:
        sys.exit(f"{packed.stderr.decode()}This clone lacks {REVIEWED}: git fetch --unshallow")
    with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as files:
        files.extractall(tree, filter="data")
    for probe in PROBES:
        source, target = ROOT / probe, tree / probe
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    subprocess.run([sys.executable, "-m", "lambdas.bundle"], cwd=tree, check=True)
    return tree


def row(finding: Finding, before: list[Outcome], now: list[Outcome], tests: Mapping[str, bool]) -> dict[str, Any]:
    """What the report says of a finding; `proven` when all of it was seen."""
    old, new = ([each for each in found if each.of == finding.id] for found in (before, now))
    red = bool(old) and all(each.outcome == THROUGH for each in old)
    green = bool(new) and all(each.outcome == REFUSED for each in new) and all(map(tests.get, finding.tests))
    return {
        "id": finding.id,
        "promise": finding.promise,
        f"at {REVIEWED}": [asdict(each) for each in old],
        "here": [asdict(each) for each in new],
        "tests": {test: tests.get(test, False) for test in finding.tests},
        "proven": red and green and len(old) == len(new),
    }


def green(found: list[Outcome]) -> dict[str, bool]:
    """Say of each test, all of its cases together, whether it is green."""
    tests: dict[str, bool] = {}
    for each in found:
        name = each.test.partition("[")[0]
        tests[name] = tests.get(name, True) and each.outcome == REFUSED
    return tests


def main() -> int:
    """Run all, write the report, and return 1 unless all 27 findings were seen on both sides."""
    REPORT.parent.mkdir(exist_ok=True)
    before, now = run(PROBES, reviewed()), run(PROBES, ROOT)
    tests = green(run(sorted({test for finding in FINDINGS for test in finding.tests}), ROOT))
    rows = [row(finding, before, now, tests) for finding in FINDINGS]
    still_open = sorted(set(ALL) - {each["id"] for each in rows})
    REPORT.write_text(json.dumps({"findings": rows, "open": still_open}, indent=1), encoding="utf-8")
    for each in rows:
        print(f"{each['id']} {'proven' if each['proven'] else 'NOT PROVEN'}: {each['promise']}")  # noqa: T201
    proven = sum(each["proven"] for each in rows)
    print(f"{proven} of {len(ALL)} findings get through at {REVIEWED} and are refused here. {REPORT}")  # noqa: T201
    return 0 if proven == len(ALL) else 1


if __name__ == "__main__":
    sys.exit(main())
