"""All of it on one machine: a model where none is handed in, the new rows made ready, scored, and told in a table."""

import dataclasses
import json
import shutil
import tarfile
import tempfile
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from model_code.algorithms.hyperparameters import CLASSIFIER, ISOLATION, Hyperparameters
from model_code.errors import InputError
from model_code.etl.pipeline import Job, run
from model_code.etl.ready import ScoringJob
from model_code.etl.scoring import run_scoring
from model_code.features.views import BATCH, REALTIME, VIEWS
from model_code.scoring.kept import kept_states
from model_code.scoring.results import PRIVATE_FILE, REASONS, Results
from model_code.scoring.scoring import Scoring, score
from model_code.scoring.values import money
from model_code.serving.archive import ARCHIVE
from model_code.training.training import train

SHOWN = 10
_WIDTH = 116
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Order:
    """What is handed in, and where results go."""

    ledger: Path | None
    new: Path
    output: Path
    mapping: Path | None = None
    cases: Path | None = None
    model: Path | None = None
    earlier: Sequence[Path] = ()
    budget: float = 0.01
    view: str | None = None
    state: Path | None = None
    threads: int = 1


def deliver(order: Order, say: Say) -> str:
    """Score the new rows, leave the files in the output folder, and return the table of the first ones to review.

    Raises:
        InputError: a file can't be used, or doesn't belong to the others.
    """
    _expect_files(order)
    _expect_apart(order)
    if order.ledger is None and not (order.state and order.model):
        raise InputError("LEDGER is missing. Only with both STATE and MODEL is it not needed: name it.")
    if order.view and order.model:
        raise InputError(
            f"VIEW={order.view} is what a model is trained on, and MODEL is trained already: name one of both."
        )
    if order.cases and order.model:
        raise InputError("CASES are labels to train by, and MODEL is trained already: name one of both.")
    order.output.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory() as folder, kept_states(order.state) as states:
        work = Path(folder)
        given = work / "model"
        given.mkdir()
        if order.model:
            shutil.copyfile(order.model, given / ARCHIVE)
        elif order.ledger:
            _train(order, order.ledger, work, given / ARCHIVE, say)
            shutil.copyfile(given / ARCHIVE, order.output / ARCHIVE)
        archive, ready = given / ARCHIVE, work / "ready"
        job = ScoringJob(order.ledger, order.new, archive, ready, order.mapping, order.earlier, states=states)
        run_scoring(job, say)
        shutil.copyfile(work / "ready/quarantine/quarantine.csv", order.output / "set_aside.csv")
        shutil.copyfile(work / "ready/quarantine/data-report.html", order.output / "data-report.html")
        for name in ("set_aside.csv", "data-report.html"):
            (order.output / name).chmod(PRIVATE_FILE)
        results = score(Scoring(work / "ready/rows", given, order.output, order.budget), say)
    files = "review.xlsx, scores.csv, scores.parquet, set_aside.csv, data-report.html"
    return f"{review_table(results)}\n{order.output}: {files}"


def _expect_files(order: Order) -> None:
    named = {
        "LEDGER": order.ledger,
        "NEW": order.new,
        "MAPPING": order.mapping,
        "CASES": order.cases,
        "MODEL": order.model,
    }
    for name, path in [*named.items(), *(("EARLIER", path) for path in order.earlier)]:
        folder = name in {"LEDGER", "NEW"}
        if path and not (path.is_file() or (folder and path.is_dir())):
            expected = "file or folder; expected the path of one" if folder else "file; expected the path of one"
            raise InputError(f"{name} is {path}, and there is no such {expected}.")


def _expect_apart(order: Order) -> None:
    for what, own in (("STATE", order.state), ("OUTPUT", order.output)):
        for name, given in (("LEDGER", order.ledger), ("NEW", order.new)):
            if own and given and given.is_dir() and own.resolve().is_relative_to(given.resolve()):
                raise InputError(
                    f"{what} is {own}, which lies in {name} ({given}): its files would be read as purchases the next "
                    "time. Name a folder elsewhere."
                )


def _train(order: Order, ledger: Path, work: Path, archive: Path, say: Say) -> None:
    """Learn from the ledger as it is: from its labels or cases where it brings some, else without any."""
    say(f"no MODEL was named: training one on {ledger.name}, no row invented")
    view = VIEWS[order.view or REALTIME.name]
    run(Job(ledger, work / "etl", order.mapping, order.cases, view=view), say)
    labels = json.loads((work / "etl/features/manifest.json").read_bytes())["labels"]
    if view is BATCH and labels != "given":
        raise InputError(
            f"VIEW={view.name} needs labels, and {ledger.name} brings none and no CASES are named: a forest "
            "without labels is cut by what both views know: nothing would change. Name CASES, or leave VIEW out."
        )
    chosen = Hyperparameters(algorithm=CLASSIFIER if labels == "given" else ISOLATION)
    trained = train(work / "etl/features", work / "trained", chosen, threads=order.threads)
    say(f"trained: algorithm={chosen.algorithm}, manifest {trained.manifest_sha256[:12]}")
    with tarfile.open(archive, "w:gz") as tar:
        for path in sorted((work / "trained").iterdir()):
            tar.add(path, path.name)


def review_table(results: Results, shown: int = SHOWN) -> str:
    """The first purchases to review, each with who bought what from whom, and why it is here."""
    rows = results.review()
    lines = [line for row in rows.slice(0, shown).to_pylist() for line in _told(row)]
    rest = rows.num_rows - shown
    return "\n".join([*lines, f"{rest} more in review.xlsx" if rest > 0 else ""])


def _told(row: dict[str, Any]) -> list[str]:
    who = ", ".join(filter(None, [row["card"] and f"card {row['card']}", row["office"]])) or "nobody named"
    head = (
        f"{row['rank']:>4}  {row['transaction_date']:%Y-%m-%d}  {money(row['amount'], row['currency'])}  "
        f"{who} at {row['merchant']}  ({row['transaction_id']}, score {row['score']:.3f})"
    )
    reasons = [row[name] for name in REASONS if row[name]]
    told = [textwrap.fill(text, _WIDTH, initial_indent="      - ", subsequent_indent="        ") for text in reasons]
    return [head, *told]
