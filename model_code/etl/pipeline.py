"""The whole way of a ledger: read, check, label, compute features, split by time, write with hashes."""

import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.anomalies import Purchases, anomalies, randomness
from model_code.etl.cases import with_cases
from model_code.etl.centres import blank_centres, expect_centres
from model_code.etl.decisions import decisions
from model_code.etl.engine import Engine
from model_code.etl.engines import ENGINES
from model_code.etl.files import ledger_sha256
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.etl.parts import Ledger
from model_code.etl.periods import Period, by_fiscal_year, split_by_time
from model_code.etl.report import write_report
from model_code.etl.slices import in_slices
from model_code.etl.soundness import judged
from model_code.etl.staging import Staged, described, labelled_ledger, place_of, stage
from model_code.etl.writing import write_json, write_quarantine, write_rows
from model_code.features.build import build_features
from model_code.features.views import REALTIME, View, meanings
from model_code.version import code_sha256, features_sha256

Say = Callable[[str], None]
Days = dict[date, int]
"""How many rows each day of a ledger has."""


@dataclass(frozen=True)
class Job:
    """What is to be done: the ledger (file or folder), where outputs go, the mapping unless it has Atoll's own schema.

    `seed` is that of the anomalies for a ledger without labels; without a seed such a ledger stays without, for
    algorithms that need none. A ledger with labels keeps them as they are; `cases` is a file of labels beside it.
    """

    ledger: Path
    output: Path
    mapping: Path | None = None
    cases: Path | None = None
    seed: int | None = None
    view: View = REALTIME
    engine: str = "duckdb"


class Prepared(NamedTuple):
    """A ledger with the numbers of its rows: by day, whose labels it has, its sha256."""

    rows: Table
    days: Days
    labels: str
    sha256: str


def run(job: Job, say: Say) -> None:
    """Do the job: writes features/, live/ and quarantine/ below the output folder; `say` gets a line for each step.

    Raises:
        InputError: the ledger, its mapping or its labels can't be used.
    """
    for folder in ("features", "live", "quarantine"):
        (job.output / folder).mkdir(parents=True, exist_ok=True)
    mapping = read_mapping(job.mapping) if job.mapping else ColumnMapping()
    view = job.view.of_ledger(mapping.has, thresholds=bool(mapping.thresholds)).with_own(mapping.own)
    with tempfile.TemporaryDirectory() as folder, ENGINES[job.engine](Path(folder)) as engine:
        rows, days, labels, sha256 = _prepare(job, mapping, view, engine, say)
        periods = split_by_time(days)
        features = build_features(rows, thresholds=mapping.thresholds, view=view, keep=engine.keep)
        labelled = features.join(rows.select("row", "label", "kind"), "row")
        say(f"computed {len(view.columns)} features")
        slices = {each.name: in_slices(engine, labelled, _span(each, days), view.columns) for each in periods}
        written = {
            period.name: _write(job, period, slices[period.name], say, labelled=labels != "none") for period in periods
        }
    live = written.pop("live")
    manifest = {
        "version": 1,
        "view": view.name,
        "ledger_sha256": sha256,
        "code_sha256": code_sha256(),
        "features_sha256": features_sha256(),
        "columns": view.columns,
        "meanings": meanings(view),
        "decisions": decisions(mapping, view),
        "labels": labels,
        "objects": {f"{name}.parquet": described for name, described in written.items()},
        "live": {"sha256": live["sha256"], "rows": live["rows"]},
        "periods": _days_of(periods),
    }
    write_json(job.output / "features" / "manifest.json", manifest)


def _prepare(job: Job, mapping: ColumnMapping, view: View, engine: Engine, say: Say) -> Prepared:
    """Leaves quarantine and report of the ledger in the output."""
    staged = stage(job.ledger, mapping, declared=job.mapping is not None, engine=engine)
    write_quarantine(
        job.output / "quarantine" / "quarantine.csv",
        engine.batches(staged.quarantined.order_by("line")),
        lambda place: place_of(place, staged.files),
    )
    looked = Ledger(job.ledger.name, staged, engine, own_ids=mapping.own_ids)
    judgement = judged(looked, mapping, blank_centres(looked, view))
    write_report(job.output / "quarantine", looked, mapping, judgement)
    judgement.expect()
    expect_centres(looked, view, say)
    staged, cases = with_cases(staged, job.cases, mapping, engine) if job.cases else (staged, None)
    report = _report(job, staged, engine)
    report["cases"] = cases
    report["acknowledged"] = [doubt.kind for doubt in judgement.found]
    if staged.labelled and job.seed is not None:
        raise InputError(
            f"{job.ledger.name} has labels of its own ({_whose(job, staged)}), and --inject {job.seed} would "
            "put invented rows beside them. Leave --inject out, or the labels."
        )
    if cases:
        told = "of {read} cases {decided} count: {anomalies} anomalies, {without_a_row} without a row"
        say(told.format_map(cases))
    say("read {read} rows ({encoding}): {accepted} accepted, {quarantined} quarantined".format_map(report))
    inject = None if job.seed is None else partial(_anomalies, job.seed, mapping)
    ledger = labelled_ledger(staged, engine=engine, inject=inject)
    report["kinds"] = engine.counts(ledger.filter(ledger["label"] == 1), "kind")
    days = engine.counts(ledger.mutate(day=ledger["transaction_date"].cast("date")), "day")
    anomalies_found = sum(report["kinds"].values())
    say(f"labels {report['labels']}: {anomalies_found} anomalies among {sum(days.values())} rows")
    report["periods"] = _days_of(split_by_time(days))
    report["fiscal_years"] = by_fiscal_year(days, mapping.fiscal_year_starts)
    write_json(job.output / "quarantine" / "report.json", report)
    return Prepared(ledger, days, report["labels"], ledger_sha256(staged.files))


def _whose(job: Job, staged: Staged) -> str:
    return f"the cases in {job.cases.name}" if job.cases and staged.cases else "its column for `label`"


def _report(job: Job, staged: Staged, engine: Engine) -> dict[str, Any]:
    reasons = engine.counts(staged.quarantined, "reason")
    accepted, quarantined = engine.size(staged.kept), sum(reasons.values())
    return {
        "read": accepted + quarantined,
        "accepted": accepted,
        "quarantined": quarantined,
        "reasons": reasons,
        "encoding": staged.encoding,
        "files": [described(file) for file in staged.files],
        "lines_added": staged.lines_added,
        "labels": "given" if staged.labelled else "injected" if job.seed is not None else "none",
        "seed": None if staged.labelled else job.seed,
    }


def _anomalies(seed: int, mapping: ColumnMapping, purchases: Purchases) -> pd.DataFrame:
    return anomalies(purchases, randomness(seed), thresholds=mapping.thresholds)


def _days_of(periods: Iterable[Period]) -> dict[str, dict[str, str]]:
    return {period.name: {"from": str(period.first), "to": str(period.last)} for period in periods}


def _span(period: Period, days: Days) -> range:
    """The numbers of the period's rows: rows are numbered by date."""
    start = sum(rows for day, rows in days.items() if day < period.first)
    return range(start, start + sum(rows for day, rows in days.items() if period.first <= day <= period.last))


def _write(job: Job, period: Period, slices: Iterable[pa.Table], say: Say, *, labelled: bool) -> dict[str, Any]:
    """Writes one period's rows, by date and id; the live period gets a request's body beside it."""
    live = period.name == "live"
    folder = job.output / ("live" if live else "features")
    described = write_rows(folder / f"{period.name}.parquet", slices, body=folder / "live.csv" if live else None)
    say(f"{period.name}: {period.first} to {period.last}, {described['rows']} rows, {described['anomalies']} anomalies")
    if labelled and not live and not 0 < described["anomalies"] < described["rows"]:
        raise InputError(
            f"The {period.name} period ({period.first} to {period.last}) needs anomalies and ordinary rows; "
            f"it has {described['anomalies']} anomalies among {described['rows']} rows. Hand in a longer ledger or "
            "more cases; or leave the labels out and train isolation or combined, which need none."
        )
    return described
