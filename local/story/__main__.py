"""`make story`: from a ledger to a monitored endpoint, on one machine."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from pathlib import Path

from local.story import alone


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m local.story",
        description="From a ledger to a monitored endpoint, on a local AWS, with no account and no Docker.",
        epilog="`make story` calls this. The record of every step is build/story.json.",
    )
    parser.add_argument(
        "--ledger", type=path, help="your own ledger (.csv, .csv.gz, .parquet); generated when not given"
    )
    parser.add_argument(
        "--mapping", type=path, help="TOML that names the ledger's columns; found by itself where it can be"
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave a story that ended well running: local AWS, MLflow, endpoint"
    )
    parser.add_argument(
        "--full", action="store_true", help="with the attacks: bad models, a tampered file, an approval of one's own"
    )
    parser.add_argument("--down", action="store_true", help="end what --keep left running")
    return parser.parse_args()


def path(text: str) -> Path:
    """A path as people write it, with or without `~`."""
    return Path(text).expanduser()


def main() -> int:
    """Tell the story, or end what a kept one left running; the exit code. 2 where another does so at this moment."""
    chosen = arguments()
    # While the libraries load there is nothing to end: Ctrl-C ends Python at once, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        with alone.alone(alone.LOCK) as lock:
            if not chosen.down and (failed := bundle(lock)):
                return failed
            from local.story.telling import down, tell  # noqa: PLC0415 - takes seconds, see above

            if chosen.down:
                return down()
            return tell(chosen.ledger, chosen.mapping, keep=chosen.keep, full=chosen.full)
    except alone.AnotherStoryError as refusal:
        sys.stderr.write(f"{refusal}\n")
        return 2


def bundle(lock: int) -> int:
    """Bring the functions' bundles up to date, which says so itself; the exit code.

    The child holds the lock, too: if this process is killed, no other story begins before the child has ended.
    """
    command = [sys.executable, "-m", "lambdas.bundle", "local"]
    return subprocess.run(command, cwd=alone.LOCK.parents[1], pass_fds=[lock], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
