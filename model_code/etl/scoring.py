"""`etl --score`: new rows with their features, their history in mind, nothing invented and nothing labelled.

What is left for `score`: the rows with features and facts, their columns as published, and a manifest with hashes.
"""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.centres import expect_centres
from model_code.etl.decisions import decisions
from model_code.etl.engines import ENGINES, Engine, batches, duckdb_engine
from model_code.etl.files import ledger_sha256
from model_code.etl.handover import LEDGER
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.etl.overlap import FRESH, with_history
from model_code.etl.parts import Ledger
from model_code.etl.published import write_published
from model_code.etl.report import write_report
from model_code.etl.slices import SLICE_ROWS
from model_code.etl.soundness import judged
from model_code.etl.staging import Staged, number_rows, place_of, stage
from model_code.etl.writing import write_json, write_quarantine, write_tables
from model_code.features.build import build_features
from model_code.features.own import Own
from model_code.features.views import CENTRE, REALTIME, VIEWS, View, meanings
from model_code.features.windows import Window
from model_code.hosts import ALONE
from model_code.scoring.agreement import expect_agreement
from model_code.scoring.groups import FACTS
from model_code.scoring.own import groups_of
from model_code.serving.archive import ARCHIVE, unpack
from model_code.version import code_sha256, features_sha256

Say = Callable[[str], None]
SHOWN = ("transaction_id", "transaction_date", "office", "card", "merchant", "mcc", "amount", "currency")
ALSO_READ = ("merchant_currency", "agency")


@dataclasses.dataclass(frozen=True)
class ScoringJob:
    """What is to be made ready: history and new rows, the model that will score, where outputs go.

    `mapping` holds for both files. `earlier` are Parquet files of scores that were given before.
    """

    ledger: Path
    new: Path
    model: Path
    output: Path
    mapping: Path | None = None
    earlier: Sequence[Path] = ()
    engine: str = "duckdb"


def run_scoring(job: ScoringJob, say: Say) -> None:
    """Do the job: writes rows/ and quarantine/ below the output folder.

    Raises:
        InputError: a file, its mapping or the model can't be used, or the model learned from rows of another making.
    """
    for folder in ("rows", "quarantine"):
        (job.output / folder).mkdir(parents=True, exist_ok=True)
    mapping = _without_labels(read_mapping(job.mapping) if job.mapping else ColumnMapping())
    model = model_manifest(job.model)
    view = _view(model)
    made = {"view": view.name, "features_sha256": features_sha256(), "decisions": decisions(mapping, view)}
    expect_agreement(model, made)
    view = view.of_ledger(mapping.has, thresholds=bool(mapping.thresholds)).with_own(mapping.own)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        facts = _prepare(job, mapping, view, scratch, say)
        with ENGINES[job.engine](scratch, ALONE) as engine:
            objects = _write(job, mapping, view, scratch, engine)
        say(f"computed {len(view.columns)} features of {facts['rows']:,} rows")
    manifest = {
        "version": 1,
        "code_sha256": code_sha256(),
        "columns": view.columns,
        "meanings": meanings(view),
        "own": mapping.own.described,
        "own_columns": view.compared,
        "objects": objects,
    }
    write_json(job.output / "rows" / "manifest.json", manifest | made | facts)


def _view(model: Mapping[str, Any]) -> View:
    if (name := model.get("view")) not in VIEWS:
        raise InputError(
            f"The model's manifest names the view {name!r}; expected one of {', '.join(VIEWS)}. It is older than this "
            "code: train it anew."
        )
    return VIEWS[name]


def model_manifest(archive: Path) -> dict[str, Any]:
    """What a model's archive says of itself; whether that is true, `score` checks.

    Raises:
        InputError: it is no archive of a model.
    """
    with tempfile.TemporaryDirectory() as folder:
        unpack(archive, Path(folder), whose="The model's folder")
        try:
            manifest = json.loads((Path(folder) / "manifest.json").read_bytes())
        except (OSError, ValueError) as error:
            raise InputError(f"The model's {ARCHIVE} has no manifest.json that can be read ({error}).") from None
    if not isinstance(manifest, dict):
        raise InputError(f"The manifest.json in the model's {ARCHIVE} holds no object.")
    return manifest


def _without_labels(mapping: ColumnMapping) -> ColumnMapping:
    """What rows turned out to be isn't known of new ones, and plays no part for the others."""
    kept = {name: column for name, column in mapping.columns.items() if name not in {"label", "kind"}}
    return dataclasses.replace(mapping, columns=kept)


def _prepare(job: ScoringJob, mapping: ColumnMapping, view: View, scratch: Path, say: Say) -> dict[str, Any]:
    """Leave history and new rows together in `scratch`; returns what the manifest says of them."""
    with duckdb_engine(scratch) as engine:
        history = _staged(job, job.ledger, mapping, engine, scratch / "history")
        new = _staged(job, job.new, mapping, engine, scratch / "new")
        reasons = {name: engine.counts(staged.quarantined, "reason") for name, staged in _named(history, new)}
        accepted = {name: engine.size(staged.checked) for name, staged in _named(history, new)}
        write_quarantine(
            job.output / "quarantine/quarantine.csv",
            batches(engine, new.quarantined.order_by("line")),
            lambda place: place_of(place, new.files),
        )
        for name, file, staged in (("history", job.ledger, history), ("new", job.new, new)):
            aside = sum(reasons[name].values())
            say(f"read {file.name}: {accepted[name]:,} rows accepted, {aside:,} set aside")
            looked = Ledger(file.name, staged, engine, own_ids=mapping.own_ids)
            judgement = judged(looked, mapping)
            if staged is new:
                write_report(job.output / "quarantine", looked, mapping, judgement)
            judgement.expect()
            expect_centres(file.name, staged.checked, engine, view, say)
        earlier = [engine.read(path) for path in job.earlier]
        both = with_history(history.checked, new.checked, earlier, view.compared)
        number_rows(both, scratch / LEDGER, engine=engine)
        both = engine.read(scratch / LEDGER)
        statuses = engine.counts(both.filter(both["line"] > 0), "status")
        days = engine.rows(both.aggregate(first=both["transaction_date"].min(), last=both["transaction_date"].max()))
    report = {"accepted": accepted, "reasons": reasons, "statuses": statuses}
    write_json(job.output / "quarantine/report.json", report)
    told = ", ".join(f"{count:,} {status}" for status, count in statuses.items())
    say(f"of {job.new.name}: {told}; {statuses.get(FRESH, 0):,} to be ranked")
    first, last = (days[name][0].as_py().date() for name in ("first", "last"))
    hashes = {"ledger_sha256": ledger_sha256(history.files), "new_sha256": ledger_sha256(new.files)}
    return hashes | {"rows": accepted["new"], "statuses": statuses, "history_from": str(first), "until": str(last)}


def _named(history: Staged, new: Staged) -> tuple[tuple[str, Staged], tuple[str, Staged]]:
    return ("history", history), ("new", new)


def _staged(job: ScoringJob, file: Path, mapping: ColumnMapping, engine: Engine, folder: Path) -> Staged:
    folder.mkdir()
    return stage(file, mapping, declared=job.mapping is not None, engine=engine, folder=folder)


def fact_windows(own: Own, view: View = REALTIME) -> list[Window]:
    """The windows that sentences read, beside those of the features; own features have facts of their own."""
    known = {group: facts for group, facts in FACTS.items() if CENTRE not in group.by or CENTRE in view.compared}
    asked = [*known.items(), *(group for each in own.described.values() for group in groups_of(each).items())]
    return list(dict.fromkeys(Window(*fact, group.by, -group.days, -1) for group, facts in asked for fact in facts))


def _write(job: ScoringJob, mapping: ColumnMapping, view: View, scratch: Path, engine: Engine) -> dict[str, Any]:
    """The new rows alone, by date and id: with features and facts, and as published."""
    ledger = engine.read(scratch / LEDGER)
    also = fact_windows(mapping.own, view)
    shown = [*SHOWN, *ALSO_READ, CENTRE, *(each.column for each in mapping.own.columns)]
    features = build_features(ledger, thresholds=mapping.thresholds, view=view, keep=engine.keep, also=also)
    fields = ledger.filter(ledger["line"] > 0).select("row", "line", "status", *shown)
    values = features.select("row", *view.columns, *(window.name for window in also))
    columns = ["line", "status", *shown, *view.columns, *dict.fromkeys(w.name for w in also)]
    rows = engine.keep(fields.join(values, "row").select("row", *columns))
    folder = job.output / "rows"
    described = {"rows.parquet": write_tables(folder / "rows.parquet", _slices(engine, rows, columns))}
    lines = [int(line) for part in _slices(engine, rows, ["line"]) for line in part["line"].to_pylist()]
    described["published.parquet"] = write_published(
        job.new, lines, folder / "published.parquet", mapping=mapping, declared=job.mapping is not None
    )
    return described


def _slices(engine: Engine, rows: Table, columns: Sequence[str]) -> Iterator[pa.Table]:
    numbers = engine.rows(rows.aggregate(first=rows["row"].min(), last=rows["row"].max()))
    first, last = numbers["first"][0].as_py(), numbers["last"][0].as_py()
    for begin in range(first, last + 1, SLICE_ROWS):
        inside = rows.filter(rows["row"].between(begin, begin + SLICE_ROWS - 1))
        yield engine.rows(inside.order_by("row").select(*columns))
