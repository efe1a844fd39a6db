"""`make faults`: random lives of the release path among adversaries, every attack, mutant and failed creation.

The report is build/faults.json.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
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
PARTS = (("attacks", "refused"), ("mutants", "caught"), ("failed_creations", "led_on"))
"""The parts beside the lives, and what must be true of each of their rows."""


def lived(console: Console, sequences: int, first: int, each: Callable[[Run], None]) -> Run:
    """Live, and show how far it is; `each` is told after every batch."""
    with Progress(console=console) as progress:
        task = progress.add_task("Lives of the release path", total=sequences)

        def show(done: Run) -> None:
            text = f"Lives of the release path ({len(done.broken)} broken)"
            progress.update(task, completed=len(done.tally.stories), description=text)
            each(done)

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


@dataclass
class Report:
    """What is known so far, written after every part and every batch of lives: an hour's work may end early."""

    first: int
    parts: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def add(self, **parts: object) -> None:
        """Add a part and write all."""
        self.parts |= parts
        told = self.parts | {"first_seed": self.first, "seconds": round(time.monotonic() - self.began)}
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(json.dumps(told, indent=1), encoding="utf-8")

    def count(self, name: str, word: str) -> str:
        """Say of how many rows of a part a word is true."""
        rows = self.parts[name]
        return f"{sum(row[word] is True for row in rows)} of {len(rows)} {name} {word}".replace("_", " ")

    def is_whole(self, name: str, word: str) -> bool:
        """Say whether a word is true of every row of a part."""
        return all(row[word] is True for row in self.parts[name])


def main(arguments: Sequence[str]) -> int:
    """Run, write the report, and return 1 when a promise broke, or an attack, crash point or mutant was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--sequences", type=int, default=20_000, help="how many different lives among adversaries (20000)"
    )
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first batch of lives (0)")
    chosen = parser.parse_args(arguments)
    console, report = Console(stderr=True, highlight=False), Report(chosen.seed)
    report.add(attacks=tried(), failed_creations=creations.tried())
    report.add(mutants=hunts())
    began = time.monotonic()
    done = lived(console, chosen.sequences, chosen.seed, lambda done: report.add(**done.report()))
    a_minute = round(60 * len(done.tally.stories) / (time.monotonic() - began))
    report.add(**done.report(), sequences_a_minute=a_minute)
    console.print(
        f"{len(done.tally.stories)} sequences ({a_minute} a minute), {len(done.broken)} with a broken promise; "
        f"{len(done.tally.died)} crash points of {len(done.declared())}, {len(done.missed())} missed; "
        f"{'; '.join(report.count(*part) for part in PARTS)}; "
        f"{', '.join(done.untaken()) or 'no step of an attacker'} untaken. {REPORT}"
    )
    whole = all(report.is_whole(*part) for part in PARTS)
    return 0 if whole and not done.broken and not done.missed() and not done.untaken() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
