"""The whole way of a ledger: read, check, label, compute features, split by time, write with hashes."""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.anomalies import inject
from model_code.etl.engines import ENGINES, Engine
from model_code.etl.mapping import ColumnMapping, read_mapping
from model_code.etl.periods import Period, split_by_time
from model_code.etl.reading import open_ledger
from model_code.etl.slices import in_slices
from model_code.etl.validation import Checked, validate
from model_code.etl.writing import sha256_of, write_json, write_quarantine, write_rows
from model_code.features.build import build_features
from model_code.features.thresholds import Threshold
from model_code.features.views import REALTIME, View
from model_code.version import code_sha256

UNKNOWN_KIND = "unknown"

Say = Callable[[str], None]


@dataclass(frozen=True)
class Job:
    """What is to be done: the ledger, where outputs go and (unless it has Atoll's own schema) the mapping file.

    `seed` is that of the anomalies for a ledger without labels; a ledger with labels keeps them as they are.
    """

    ledger: Path
    output: Path
    mapping: Path | None = None
    seed: int | None = None
    view: View = REALTIME
    engine: str = "duckdb"


def run(job: Job, say: Say) -> None:
    """Do the job: writes features/, live/ and quarantine/ below the output folder; `say` gets a line for each step.

    Raises:
        InputError: the ledger, its mapping or its labels can't be used.
    """
    for folder in ("features", "live", "quarantine"):
        (job.output / folder).mkdir(parents=True, exist_ok=True)
    mapping = read_mapping(job.mapping) if job.mapping else ColumnMapping()
    checked, report = _read(job, mapping)
    say("read {read} rows ({encoding}): {accepted} accepted, {quarantined} quarantined".format_map(report))
    ledger = _with_labels(checked.accepted, job, mapping, labels=report["labels"])
    report["kinds"] = ledger.loc[ledger["label"] == 1, "kind"].value_counts().to_dict()
    say(f"labels {report['labels']}: {sum(report['kinds'].values())} anomalies among {len(ledger)} rows")
    periods = split_by_time(ledger)
    report["periods"] = {period.name: {"from": str(period.first), "to": str(period.last)} for period in periods}
    write_json(job.output / "quarantine" / "report.json", report)
    with tempfile.TemporaryDirectory() as scratch, ENGINES[job.engine](Path(scratch)) as engine:
        features = engine.keep(_features(ledger, job.view, mapping.thresholds, engine=engine, scratch=Path(scratch)))
        say(f"computed {len(job.view.columns)} features")
        written = {period.name: _write_period(job, engine, period, features, say) for period in periods}
    live = written.pop("live")
    manifest = {
        "version": 1,
        "view": job.view.name,
        "ledger_sha256": sha256_of(job.ledger),
        "code_sha256": code_sha256(),
        "columns": job.view.columns,
        "objects": {f"{name}.parquet": described for name, described in written.items()},
        "live": {"sha256": live["sha256"], "rows": live["rows"]},
        "periods": report["periods"],
    }
    write_json(job.output / "features" / "manifest.json", manifest)


def _read(job: Job, mapping: ColumnMapping) -> tuple[Checked, dict[str, Any]]:
    """The checked rows, and the report's first part; what was set aside is written at once."""
    with open_ledger(job.ledger) as raw:
        if missing := mapping.missing(raw.header, declared=job.mapping is not None):
            raise InputError(
                f"{job.ledger.name} lacks the columns {', '.join(missing)}; it has {', '.join(raw.header)}. "
                "Hand in a column mapping (columns.toml) that says where each field stands."
            )
        if doubled := sorted(name for name in set(mapping.columns.values()) if raw.header.count(name) > 1):
            raise InputError(
                f"{job.ledger.name} has more than one column named {', '.join(doubled)}: rename all but one."
            )
        # A day more: somewhere it is tomorrow already.
        today = datetime.now(tz=UTC).date() + timedelta(days=1)
        checked = validate(raw.rows, raw.header, mapping, today=today)
        labels = "given" if mapping.columns.get("label") in raw.header else "injected"
    write_quarantine(job.output / "quarantine" / "quarantine.csv", checked.quarantined)
    accepted, quarantined = len(checked.accepted), len(checked.quarantined)
    if not accepted:
        raise InputError(f"{job.ledger.name} has no row that can be used: {checked.reasons or 'it has no rows'}.")
    return checked, {
        "read": accepted + quarantined,
        "accepted": accepted,
        "quarantined": quarantined,
        "reasons": checked.reasons,
        "encoding": raw.encoding,
        "labels": labels,
        "seed": job.seed if labels == "injected" else None,
    }


def _with_labels(ledger: pd.DataFrame, job: Job, mapping: ColumnMapping, *, labels: str) -> pd.DataFrame:
    if labels == "given":
        unnamed = (ledger["label"] == 1) & (ledger["kind"] == "")
        return ledger.assign(kind=ledger["kind"].mask(unnamed, UNKNOWN_KIND))
    if job.seed is None:
        raise InputError(f"{job.ledger.name} has no labels: map a column to `label`, or run etl with --inject SEED.")
    return inject(ledger, seed=job.seed, thresholds=mapping.thresholds)


def _features(
    ledger: pd.DataFrame, view: View, thresholds: Sequence[Threshold], *, engine: Engine, scratch: Path
) -> Table:
    """All rows with their labels and features; the engine holds what is between."""
    path = scratch / "ledger.parquet"
    pq.write_table(pa.Table.from_pandas(ledger, preserve_index=False), path)
    rows = engine.read(path)
    features = build_features(rows, thresholds=thresholds, view=view, keep=engine.keep)
    return features.join(rows.select("transaction_id", "label", "kind"), "transaction_id")


def _write_period(job: Job, engine: Engine, period: Period, features: Table, say: Say) -> dict[str, Any]:
    """Writes one period's rows, by date and id; the live period gets a request's body beside it."""
    live = period.name == "live"
    folder = job.output / ("live" if live else "features")
    body = folder / "live.csv" if live else None
    slices = in_slices(engine, features, period, job.view.columns)
    described = write_rows(folder / f"{period.name}.parquet", slices, body=body)
    say(f"{period.name}: {period.first} to {period.last}, {described['rows']} rows, {described['anomalies']} anomalies")
    if not live and not 0 < described["anomalies"] < described["rows"]:
        raise InputError(
            f"The {period.name} period ({period.first} to {period.last}) needs anomalies and ordinary rows; "
            f"it has {described['anomalies']} anomalies among {described['rows']} rows. Hand in a longer ledger."
        )
    return described
