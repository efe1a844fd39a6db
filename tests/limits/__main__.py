"""`make limits`: environments, the rehearsal, settings at their bounds and drawn ones, into build/limits.json."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from compliance.limits.judge import judge_assembly
from compliance.synth import ROOT, SYNTH, environments
from stacks.settings import load
from tests.limits.run import Walk

REPORT = Path("build/limits.json")


def main(arguments: Sequence[str]) -> int:
    """Walk, write the report, and return 1 when something is beyond a limit or its margin."""
    parser = argparse.ArgumentParser(prog="python -m tests.limits", description=__doc__)
    parser.add_argument("--drawn", type=int, default=40, help="how many deployments are drawn (40)")
    walk = Walk()
    for environment in environments():
        walk.add(environment, judge_assembly(SYNTH / environment))
    walk.settings("rehearsal", load(str(ROOT / "local" / "rehearsal.toml")))
    walk.extremes()
    walk.drawn(parser.parse_args(arguments).drawn)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(walk.report(), indent=1) + "\n", encoding="utf-8")
    for each in walk.report():
        line = f"{each['limit']:<42}{each['largest']:>9} of{each['most']:>9}   {each['where']}"
        print(line)  # noqa: T201 - the table for the person who waits
    objections = walk.objections()
    print("\n".join([*objections, f"{len(objections)} beyond a limit. {REPORT}"]))  # noqa: T201 - the same
    return int(bool(objections))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
