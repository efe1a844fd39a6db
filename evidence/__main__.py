"""`python -m evidence build <assembly> --out <folder>`: the ledger of an assembly, for an assessor to check."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from evidence.catalogue import CatalogueError, read
from evidence.facts import FactsError, read_facts
from evidence.ledger import fold
from evidence.written import summary, write


def main(arguments: Sequence[str]) -> int:
    """Build the evidence of an assembly; return the exit status (1 with one sentence where it can't be told)."""
    parser = argparse.ArgumentParser(prog="python -m evidence", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    build = commands.add_parser("build", help="write the ledger of a synthesized assembly")
    build.add_argument("assembly", type=Path, help="a folder that `make synth` wrote, as build/synth/govcloud-west")
    build.add_argument("--out", type=Path, required=True, help="where to write, as build/evidence/govcloud-west")
    given = parser.parse_args(arguments)
    try:
        facts, catalogue = read_facts(given.assembly), read()
    except (FactsError, CatalogueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    ledger = fold(catalogue, facts.templates)
    write(ledger, facts, given.out)
    sys.stdout.write(summary(ledger, facts, given.out))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
