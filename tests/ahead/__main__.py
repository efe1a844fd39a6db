"""`python -m tests.ahead [--days 365] [what]`: the unit tests on a machine whose calendar is ahead.

What rots with the day (a certificate with an end, a review that comes due, a date that was far away when the test was
written) fails here a year before it fails everywhere.
"""

import argparse
import subprocess
import sys

from tests.ahead.clock import LIBRARY, ClockError, compile_clock, environment_ahead, expect_ahead

DAYS, WHAT = 365, ["tests/unit", "tests/docs"]


def main() -> int:
    """Run the tests so many days ahead; pytest's exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.ahead", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("what", nargs="*", default=WHAT, help="pytest's arguments")
    chosen = parser.parse_args()
    try:
        environment = environment_ahead(compile_clock(LIBRARY), chosen.days)
        expect_ahead(environment, chosen.days)
    except ClockError as error:
        sys.exit(str(error))
    return subprocess.run([sys.executable, "-m", "pytest", "-q", *chosen.what], env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
