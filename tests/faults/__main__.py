"""`make faults`: random lives of the release path among adversaries, every attack, mutant and failed creation.

The report is build/faults.json.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress

from tests.faults import creations
from tests.faults.attacks import tried
from tests.faults.mutants import MUTANTS
from tests.faults.run import Run, processes, run

REPORT = Path("build/faults.json")
WORKERS = os.cpu_count() or 1


def lived(console: Console, sequences: int, first: int) -> Run:
    """Live, and show how far it is."""
    with Progress(console=console) as progress:
        task = progress.add_task("Lives of the release path", total=sequences)

        def show(done: Run) -> None:
            text = f"Lives of the release path ({len(done.broken)} broken)"
            progress.update(task, completed=len(done.tally.stories), description=text)

        return run(sequences, first=first, workers=WORKERS, each=show)


def hunts() -> list[dict[str, object]]:
    """Look for all mutants, those first that need the longest."""
    with processes(WORKERS) as pool:
        return list(pool.map(hunted, [each.name for each in sorted(MUTANTS, key=lambda each: -each.batches)]))


def hunted(name: str) -> dict[str, object]:
    """Look for a life that a mutant's name names, in whichever process."""
    mutant = next(each for each in MUTANTS if each.name == name)
    began, by = time.monotonic(), mutant.caught_by()
    seconds = round(time.monotonic() - began)
    return {"mutant": name, "promise": mutant.promise, "caught": bool(by), "by": by, "seconds": seconds}


def write(report: dict[str, Any], began: float) -> None:
    """Write what is known so far, for an hour's work may end early."""
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report | {"seconds": round(time.monotonic() - began)}, indent=1), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Run, write the report, and return 1 when a promise broke, or an attack, crash point or mutant was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--sequences", type=int, default=20_000, help="how many different lives among adversaries (20000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first batch of lives (0)")
    chosen = parser.parse_args(arguments)
    console, began = Console(stderr=True, highlight=False), time.monotonic()
    done = lived(console, chosen.sequences, chosen.seed)
    a_minute = round(60 * len(done.tally.stories) / (time.monotonic() - began))
    report = done.report() | {"first_seed": chosen.seed, "sequences_a_minute": a_minute}
    report["attacks"] = attacks = tried()
    write(report, began)
    report["mutants"] = mutants = hunts()
    write(report, began)
    report["failed_creations"] = failed_creations = creations.tried()
    write(report, began)
    refused, caught = sum(each["refused"] for each in attacks), sum(each["caught"] is True for each in mutants)
    led_on = sum(each["led_on"] for each in failed_creations)
    console.print(
        f"{len(done.tally.stories)} sequences ({a_minute} a minute), {len(done.broken)} with a broken promise; "
        f"{len(done.tally.died)} crash points of {len(done.declared())}, {len(done.missed())} missed; "
        f"{refused} of {len(attacks)} attacks refused; {caught} of {len(mutants)} mutants caught; "
        f"{led_on} of {len(failed_creations)} failed creations led on; "
        f"{', '.join(done.untaken()) or 'no step of an attacker'} untaken. {REPORT}"
    )
    whole = refused == len(attacks) and caught == len(mutants) and led_on == len(failed_creations)
    return 0 if whole and not done.broken and not done.missed() and not done.untaken() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
