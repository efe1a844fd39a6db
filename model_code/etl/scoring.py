"""`etl --score`: new rows with their features, their history in mind, nothing invented and nothing labelled.

What is left for `score`: the rows with features and facts, their columns as published, and a manifest with hashes.
"""

import dataclasses
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.decisions import decisions
from model_code.etl.engine import Engine
from model_code.etl.engines import ENGINES
from model_code.etl.files import ledger_sha256
from model_code.etl.incremental import with_state
from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.etl.overlap import with_history
from model_code.etl.ready import (
    Say,
    ScoringJob,
    Work,
    counted,
    earlier_scores,
    first_and_last,
    staged_history,
    staged_new,
    write_ready,
)
from model_code.etl.writing import write_json
from model_code.features.build import build_features
from model_code.features.views import VIEWS, View, meanings
from model_code.scoring.agreement import expect_agreement
from model_code.serving.archive import ARCHIVE, unpack
from model_code.version import code_sha256, features_sha256


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
        work = Work(job, mapping, view, Path(folder), say)
        told = with_state(work) if job.states else _with_ledger(work)
        say(f"computed {len(view.columns)} features of {told['rows']:,} rows")
    manifest = {
        "version": 1,
        "code_sha256": code_sha256(),
        "columns": view.columns,
        "meanings": meanings(view),
        "own": mapping.own.described,
        "own_columns": view.compared,
    }
    write_json(job.output / "rows" / "manifest.json", manifest | made | told)


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


def _with_ledger(work: Work) -> dict[str, Any]:
    """Make the new rows ready by the whole history; returns what the manifest says of them."""
    job = work.job
    if job.ledger is None:
        raise InputError("There is no ledger: features of new purchases are computed from those before them.")
    with ENGINES[job.engine](work.scratch) as engine:
        ledger, told = _prepare(work, job.ledger, engine)
        made = {"thresholds": work.mapping.thresholds, "view": work.view, "also": work.also}
        features = build_features(ledger, keep=engine.keep, **made)
        return told | {"objects": write_ready(work, ledger.filter(ledger["line"] > 0), features, engine)}


def _prepare(work: Work, file: Path, engine: Engine) -> tuple[Table, dict[str, Any]]:
    """History and new rows together, numbered; what the manifest says of them."""
    history, aside = staged_history(work, file, engine)
    new, _, aside_new = staged_new(work, engine, lambda rows: history.checked.semi_join(rows, "transaction_id"))
    both = engine.numbered(with_history(history.checked, new.checked, earlier_scores(work, engine), work.view.compared))
    accepted = {"history": engine.size(history.checked), "new": engine.size(new.checked)}
    report = {"accepted": accepted, "reasons": {"history": aside, "new": aside_new}}
    first, last = first_and_last(both, engine)
    return both, {
        "ledger_sha256": ledger_sha256(history.files),
        "new_sha256": ledger_sha256(new.files),
        "rows": accepted["new"],
        "statuses": counted(work, both.filter(both["line"] > 0), engine, report),
        "history_from": first,
        "until": last,
    }
