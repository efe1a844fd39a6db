"""`python -m compliance <command>`: what an assessor or an operator asks of a deployed platform."""

import argparse
import importlib
import sys
from collections.abc import Sequence

COMMANDS = {
    "preflight": ("compliance.preflight", "say what the account lacks for a first deployment"),
    "verify-audit": ("compliance.audit", "check the chain of the audit record, and name the first break"),
}
"""Each command: the module whose `main(arguments)` gives its exit status, and what it does."""


def main(arguments: Sequence[str]) -> int:
    """Run a command with its own arguments; return its exit status (0: all is well)."""
    listed = "\n".join(f"  {name:<14} {text}" for name, (_, text) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="python -m compliance",
        description="Checks of a deployed platform, with the caller's own AWS credentials.",
        epilog=f"commands:\n{listed}\n\n`python -m compliance <command> --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="command", help="one of the commands below")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="its own arguments")
    given = parser.parse_args(arguments)
    return importlib.import_module(COMMANDS[given.command][0]).main(given.arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
