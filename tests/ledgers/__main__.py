"""`python -m tests.ledgers [--seeds 1000]`: the findings' inputs and the seeded campaign, into build/ledgers.json."""

import argparse
import json
import sys
import tempfile
import warnings
from pathlib import Path

from tests.ledgers.campaign import campaign
from tests.ledgers.found import EXPECTED, INPUTS, outcome

BUILD = Path(__file__).resolve().parents[2] / "build"


def main() -> int:
    """Run all, write what came of it; 1 if anything went wrong in silence or a clean ledger was refused."""
    parser = argparse.ArgumentParser(prog="python -m tests.ledgers", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    seeds = parser.parse_args().seeds
    warnings.simplefilter("ignore", DeprecationWarning)  # Ibis 12 uses what DuckDB 2 calls old
    with tempfile.TemporaryDirectory() as folder:
        cases = {f"{case.file}, {case.mapping}, {case.added}": case for case in EXPECTED if INPUTS.is_dir()}
        inputs = {name: outcome(case, Path(folder)) for name, case in cases.items()}
    made = campaign(range(seeds))
    BUILD.mkdir(exist_ok=True)
    (BUILD / "ledgers.json").write_text(json.dumps({"inputs": inputs, "made": made}, indent=1) + "\n")
    wrong = [name for name, said in inputs.items() if said]
    failed = len(wrong) + len(made["wrong"]["clean"]) + len(made["wrong"]["spoilt"])
    sys.stdout.write(
        f"{len(inputs)} inputs, {len(wrong)} unlike their page; {made['ledgers']} ledgers made: "
        f"{len(made['wrong']['clean'])} clean ones refused or untrue, {len(made['wrong']['spoilt'])} silent faults, "
        f"{made['guessed_right']:.0%} guessed right: build/ledgers.json\n"
    )
    return int(failed > 0 or made["guessed_right"] < 0.9)


if __name__ == "__main__":
    sys.exit(main())
