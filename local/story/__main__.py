"""`make story`: from a ledger to a monitored endpoint, on one machine."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path


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
    parser.add_argument("--down", action="store_true", help="end what --keep left running")
    return parser.parse_args()


def path(text: str) -> Path:
    """A path as people write it, with or without `~`."""
    return Path(text).expanduser()


def main() -> int:
    """Tell the story, or end what a kept one left running; the exit code."""
    chosen = arguments()
    # While the libraries load there is nothing to end: Ctrl-C ends Python at once, without a traceback.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from local.story.telling import down, tell  # noqa: PLC0415 - takes seconds, see above

    return down() if chosen.down else tell(chosen.ledger, chosen.mapping, keep=chosen.keep)


if __name__ == "__main__":
    sys.exit(main())
