"""`python -m tests.ahead [--days 365] [what]`: the unit tests on a machine whose calendar is ahead.

What rots with the day (a certificate with an end, a review that comes due, a date that was far away when the test was
written) fails here a year before it fails everywhere.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.ahead.clock import LIBRARY, ClockError, compile_clock, environment_ahead, expect_ahead

DAYS = 365
MODELS = "tests/unit/model_code"
LANES = [[MODELS], ["tests/unit", "tests/docs", f"--ignore={MODELS}"]]
"""Each about half of the work, for two cores."""


def main() -> int:
    """Run the tests so many days ahead; pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.ahead", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("what", nargs="*", help="pytest's arguments, in place of all unit tests in two lanes")
    chosen = parser.parse_args()
    try:
        environment = environment_ahead(compile_clock(LIBRARY), chosen.days)
        expect_ahead(environment, chosen.days)
    except ClockError as error:
        sys.exit(str(error))
    lanes = [chosen.what] if chosen.what else LANES
    with ThreadPoolExecutor(len(lanes)) as pool:
        return max(pool.map(lambda lane: run(lane, environment), lanes))


def run(lane: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run tests and print what pytest says when it has ended, in one piece; its exit code."""
    command = [sys.executable, "-m", "pytest", "-q", *lane]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    sys.stdout.write(done.stdout)
    sys.stdout.flush()
    return abs(done.returncode)


if __name__ == "__main__":
    sys.exit(main())
