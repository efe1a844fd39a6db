"""What `etl --score` does alike with a state and without: files are staged and judged, rows with features written."""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from model_code.etl.centres import blank_centres, expect_centres
from model_code.etl.doubts import Doubt
from model_code.etl.engine import Engine
from model_code.etl.mapping import ColumnMapping
from model_code.etl.overlap import FRESH
from model_code.etl.parts import Ledger
from model_code.etl.published import write_published
from model_code.etl.report import write_report
from model_code.etl.slices import SLICE_ROWS
from model_code.etl.soundness import judged
from model_code.etl.staging import Staged, place_of, stage
from model_code.etl.writing import write_json, write_quarantine, write_tables
from model_code.features.own import Own
from model_code.features.views import CENTRE, REALTIME, View
from model_code.features.windows import Window
from model_code.scoring.groups import FACTS
from model_code.scoring.own import groups_of
from model_code.scoring.results import OWN

Say = Callable[[str], None]
SHOWN = ("transaction_id", "transaction_date", "office", "card", "merchant", "mcc", "amount", "currency")
ALSO_READ = ("merchant_currency", "agency")
LEAST_OTHER = 3
"""So many ids of other purchases may come back: a bank mends a day and a payee now and then."""


class States(NamedTuple):
    """The folder of the state from before, which needn't be there, and an empty one for that after the new rows."""

    before: Path
    after: Path


@dataclasses.dataclass(frozen=True)
class ScoringJob:
    """What is to be made ready: history and new rows, the model that will score, where outputs go.

    `mapping` holds for both files. `earlier` are Parquet files of scores that were given before. With `states` the
    history is that of the state before; `ledger` may be missing then.
    """

    ledger: Path | None
    new: Path
    model: Path
    output: Path
    mapping: Path | None = None
    earlier: Sequence[Path] = ()
    engine: str = "duckdb"
    states: States | None = None


@dataclasses.dataclass(frozen=True)
class Work:
    """A job with what it learned of its mapping and its model's view, and a folder for the time of it."""

    job: ScoringJob
    mapping: ColumnMapping
    view: View
    scratch: Path
    say: Say

    @property
    def also(self) -> list[Window]:
        """The windows that sentences read."""
        return fact_windows(self.mapping.own, self.view)


def staged_history(work: Work, ledger: Path, engine: Engine) -> tuple[Staged, dict[str, int]]:
    """The history as it may be used, and why rows of it were set aside."""
    staged = _staged(work, ledger, engine)
    looked, reasons = _looked(work, ledger, staged, engine)
    judged(looked, work.mapping, blank_centres(looked, work.view)).expect()
    expect_centres(looked, work.view, work.say)
    return staged, reasons


def staged_new(work: Work, engine: Engine, known_of: Callable[[Table], Table]) -> tuple[Staged, Table, dict[str, int]]:
    """The same of the new rows, with the history's rows of their ids, which `known_of` gives; none if they are unfit.

    Their report and what was set aside are left in the output's quarantine.
    """
    new, quarantine = work.job.new, work.job.output / "quarantine"
    staged = _staged(work, new, engine)
    write_quarantine(
        quarantine / "quarantine.csv",
        engine.batches(staged.quarantined.order_by("line")),
        lambda place: place_of(place, staged.files),
    )
    looked, reasons = _looked(work, new, staged, engine)
    known = engine.keep(known_of(staged.checked))
    also = [*ids_used_again(staged, known, engine), *blank_centres(looked, work.view)]
    judgement = judged(looked, work.mapping, also)
    write_report(quarantine, looked, work.mapping, judgement)
    judgement.expect()
    expect_centres(looked, work.view, work.say)
    return staged, known, reasons


def earlier_scores(work: Work, engine: Engine) -> list[Table]:
    """Scores that were given before, without published columns that only have the name of an own one.

    A file from before that column was declared has its texts under the same name.
    """
    tables = []
    for path in work.job.earlier:
        table, told = engine.read(path), (pq.read_schema(path).metadata or {}).get(OWN.encode(), b"[]")
        others = set(work.view.compared) - set(json.loads(told))
        tables.append(table.drop(*others.intersection(table.columns)))
    return tables


def ids_used_again(new: Staged, known: Table, engine: Engine) -> list[Doubt]:
    """The warning that most ids which come back are other purchases': those of another day and payee."""
    was = known.select("transaction_id", was_on="transaction_date", was_at="merchant")
    both = new.checked.inner_join(was, "transaction_id")
    other = (both["transaction_date"] != both["was_on"]) & (both["merchant"] != both["was_at"])
    [counts] = engine.rows(both.aggregate(known=both.count(), other=other.sum().coalesce(0))).to_pylist()
    if counts["other"] < LEAST_OTHER or counts["other"] * 2 <= counts["known"]:
        return []
    first, last = map(date.fromisoformat, first_and_last(new.checked, engine))
    says = (
        f"{counts['other']:,} of {counts['known']:,} ids that the history has come back with another day and another "
        "payee. If ids begin anew in each file, those of the history would be lost: declare ids that last, such as "
        'ids = "digest".'
    )
    return [Doubt("ids_used_again", says, frozenset(file.sha256 for file in new.files), first, last)]


def _staged(work: Work, file: Path, engine: Engine) -> Staged:
    return stage(file, work.mapping, declared=work.job.mapping is not None, engine=engine)


def _looked(work: Work, file: Path, staged: Staged, engine: Engine) -> tuple[Ledger, dict[str, int]]:
    reasons = engine.counts(staged.quarantined, "reason")
    accepted, aside = engine.size(staged.checked), sum(reasons.values())
    work.say(f"read {file.name}: {accepted:,} rows accepted, {aside:,} set aside")
    return Ledger(file.name, staged, engine, own_ids=work.mapping.own_ids), reasons


def counted(work: Work, rows: Table, engine: Engine, report: Mapping[str, Any]) -> dict[str, int]:
    """How many of the new rows have each status: said, and written with what a report says of both files."""
    statuses = engine.counts(rows, "status")
    write_json(work.job.output / "quarantine/report.json", {**report, "statuses": statuses})
    told = ", ".join(f"{count:,} {status}" for status, count in statuses.items())
    work.say(f"of {work.job.new.name}: {told}; {statuses.get(FRESH, 0):,} to be ranked")
    return statuses


def first_and_last(rows: Table, engine: Engine) -> tuple[str, str]:
    """The days that rows lie between."""
    days = engine.rows(rows.aggregate(first=rows["transaction_date"].min(), last=rows["transaction_date"].max()))
    return str(days["first"][0].as_py().date()), str(days["last"][0].as_py().date())


def fact_windows(own: Own, view: View = REALTIME) -> list[Window]:
    """The windows that sentences read, beside those of the features; own features have facts of their own."""
    known = {group: facts for group, facts in FACTS.items() if CENTRE not in group.by or CENTRE in view.compared}
    asked = [*known.items(), *(group for each in own.described.values() for group in groups_of(each).items())]
    return list(dict.fromkeys(Window(*fact, group.by, -group.days, -1) for group, facts in asked for fact in facts))


def write_ready(work: Work, new: Table, features: Table, engine: Engine) -> dict[str, Any]:
    """The new rows alone, by date and id: with features and facts, and as published; what a manifest says of both."""
    job, view = work.job, work.view
    shown = [*SHOWN, *ALSO_READ, CENTRE, *(each.column for each in work.mapping.own.columns)]
    values = [*view.columns, *dict.fromkeys(window.name for window in work.also)]
    fields = new.select("row", "line", "status", *shown)
    columns = ["line", "status", *shown, *values]
    rows = engine.keep(fields.join(features.select("row", *values), "row").select("row", *columns))
    folder = job.output / "rows"
    described = {"rows.parquet": write_tables(folder / "rows.parquet", _slices(engine, rows, columns))}
    lines = [int(line) for part in _slices(engine, rows, ["line"]) for line in part["line"].to_pylist()]
    described["published.parquet"] = write_published(
        job.new, lines, folder / "published.parquet", mapping=work.mapping, declared=job.mapping is not None
    )
    return described


def _slices(engine: Engine, rows: Table, columns: Sequence[str]) -> Iterator[pa.Table]:
    numbers = engine.rows(rows.aggregate(first=rows["row"].min(), last=rows["row"].max()))
    first, last = numbers["first"][0].as_py(), numbers["last"][0].as_py()
    for begin in range(first, last + 1, SLICE_ROWS):
        inside = rows.filter(rows["row"].between(begin, begin + SLICE_ROWS - 1))
        yield engine.rows(inside.order_by("row").select(*columns))
