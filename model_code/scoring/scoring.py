"""`score`: what `etl --score` left, and a model's archive, become scores, ranks and reasons in words."""

import dataclasses
import json
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from model_code.arrays import Matrix, Vector
from model_code.errors import InputError
from model_code.scoring.agreement import expect_agreement
from model_code.scoring.inputs import counted
from model_code.scoring.purchase import Purchase, Setting
from model_code.scoring.results import Results, write_results
from model_code.scoring.rows import RowsToScore, read_rows
from model_code.scoring.sentences import comparisons, reasons
from model_code.serving.archive import ARCHIVE, unpack
from model_code.serving.artifact import read_artifact
from model_code.serving.model import ServedModel, load_model

BUDGET = 0.01
"""People can look at one purchase in a hundred."""
RANKED = {"new", "changed"}
REASONS = 3
_WEIGHED = 1000
"""Rows whose reasons are computed at a time."""
Say = Callable[[str], None]


@dataclasses.dataclass(frozen=True)
class Scoring:
    """What is to be scored by what: the folder of `etl --score`, the folder of the archive, and what people can read.

    `budget` below 1 is a share of the rows to be ranked, from 1 on a number of them.
    """

    rows: Path
    model: Path
    output: Path
    budget: float = BUDGET
    expected_manifest_sha256: str | None = None
    version: str | None = None
    max_model_bytes: int = 64_000_000


def score(job: Scoring, say: Say) -> Results:
    """Score the rows, rank those within the budget, tell their reasons, and write all of it.

    Raises:
        InputError: the model isn't the expected one, was changed or scores its golden rows differently; the rows were
            changed; or the model learned from rows of another making.
    """
    rows = read_rows(job.rows)
    with tempfile.TemporaryDirectory() as folder:
        unpack(job.model / ARCHIVE, Path(folder), whose="The model's folder")
        limits = {"max_model_bytes": job.max_model_bytes, "expected_manifest_sha256": job.expected_manifest_sha256}
        artifact = read_artifact(Path(folder), **limits)
        expect_agreement(artifact.manifest, rows.manifest)
        model = load_model(Path(folder), version=job.version, view=rows.manifest["view"], **limits)
        if list(rows.manifest["columns"]) != model.columns:
            raise InputError("The rows' features aren't the model's. Run etl --score with the model's own image.")
        say(f"model {model.version}: every file is what its manifest says, its golden rows score as at training")
        features = rows.features(model.columns)
        scores = np.asarray(model.scores(features), dtype=np.float32)
        ranks = rank(scores, rows.table["status"].to_pylist(), job.budget)
        told = _reasons(model, rows, features, scores, ranks)
        about = _about(artifact.manifest, artifact.manifest_sha256, model, job)
        fresh = np.isin(rows.table["status"].to_pylist(), list(RANKED))
        about["inputs"] = counted(artifact.json("baseline.json"), model.columns, features[fresh])
    results = Results(rows, scores, ranks, told, about)
    write_results(results, job.output)
    say(f"scored {len(scores):,} rows; {int((ranks > 0).sum()):,} ranked for review")
    return results


def rank(scores: Vector, statuses: list[str], budget: float) -> np.ndarray:
    """The place of each row in the review, 1 for the highest score; 0 for one beyond the budget or marked already.

    Of equal scores, the earlier row comes first.
    """
    fresh = np.flatnonzero([status in RANKED for status in statuses])
    most = int(budget) if budget >= 1 else int(np.ceil(len(fresh) * budget))
    chosen = fresh[np.argsort(-scores[fresh], kind="stable")][:most]
    ranks = np.zeros(len(scores), dtype=np.int32)
    ranks[chosen] = np.arange(1, len(chosen) + 1)
    return ranks


def _reasons(model: ServedModel, rows: RowsToScore, features: Matrix, scores: Vector, ranks: np.ndarray) -> list:
    """For each ranked row, at most REASONS sentences on what raised its score; nothing for the others."""
    setting = setting_of(rows.manifest)
    told: list[list[str]] = [[] for _ in scores]
    ranked = np.flatnonzero(ranks)
    for at in (ranked[begin : begin + _WEIGHED] for begin in range(0, len(ranked), _WEIGHED)):
        weighed = model.reasons(features[at], scores[at], len(model.columns))
        for row, found, values in zip(at, weighed, rows.table.take(pa.array(at)).to_pylist(), strict=True):
            names = [str(each["feature"]) for each in found if float(str(each["contribution"])) > 0]
            values["transaction_date"] = values["transaction_date"].date()
            purchase = Purchase(values, setting)
            said = list(islice(reasons(purchase, names), REASONS))
            told[row] = [*said, *islice(comparisons(purchase, said), REASONS - len(said))]
    return told


def setting_of(manifest: Mapping[str, Any]) -> Setting:
    """What the sentences of one scoring share."""
    decided = manifest["decisions"].get("thresholds") or []
    return Setting(
        history_from=date.fromisoformat(manifest["history_from"]),
        limits=[(date.fromisoformat(day), float(amount)) for day, amount in decided],
        meanings=manifest["meanings"],
        own=manifest["own"],
        until=date.fromisoformat(manifest["until"]),
    )


def _about(manifest: Mapping[str, Any], sha256: str, model: ServedModel, job: Scoring) -> dict[str, Any]:
    return {
        "model": manifest.get("model"),
        "model_version": model.version,
        "manifest_sha256": sha256,
        "budget": job.budget,
        "decisions": json.loads(json.dumps(manifest["decisions"])),
    }
