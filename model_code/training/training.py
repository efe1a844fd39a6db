"""The training itself: features folder in, artifact out."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import xgboost

from model_code.algorithms import gradient_boosting
from model_code.algorithms.boosted_trees import finish
from model_code.algorithms.hyperparameters import FORESTS, ISOLATION, Hyperparameters
from model_code.algorithms.isolation_trees import habits_of
from model_code.algorithms.parameters import OBJECTIVE, all_parameters, kept_constraints
from model_code.arrays import Vector
from model_code.errors import InputError
from model_code.training.artifact import canonical_json, golden, write_artifact
from model_code.training.baseline import describe
from model_code.training.card import model_card, thresholds
from model_code.training.champion import compare_champion
from model_code.training.channel import Channel, read_channel
from model_code.training.cluster import ALONE, Cluster
from model_code.training.lift import lift, too_few
from model_code.training.metrics import Ranking, measure
from model_code.training.packaging import server_files, usual
from model_code.training.slices import groups_of, measure_slices
from model_code.training.tuning import tune
from model_code.version import code_sha256
from model_code.view_names import BATCH

MODEL_NAME = "card-anomaly"
SCALED = "Platt, on validation, folded into the leaves"
REAL = "given"
"""Labels that people gave, not an injector."""
CENTRED = "without labels: 0.5 is where the most unusual hundredth of validation begins"


@dataclasses.dataclass(frozen=True)
class Trained:
    """What a training hands back besides the files."""

    metrics: dict[str, Any]
    manifest_sha256: str
    model_bytes: int


@dataclasses.dataclass(frozen=True)
class _Learnt:
    channel: Channel
    hyperparameters: Hyperparameters
    study: list[dict[str, Any]]
    model: xgboost.Booster


def train(
    features: Path,
    output: Path,
    hyperparameters: Hyperparameters,
    *,
    threads: int,
    champion: Path | None = None,
    cluster: Cluster = ALONE,
) -> Trained:
    """Train on the features folder and write the artifact into `output`; byte for byte the same for the same input.

    `champion` is the folder with the present champion's archive: it is measured on the same held-out rows. Over
    several hosts, this is the first one's part.

    Raises:
        InputError: the features or the champion can't be used, or another host was lost.
    """
    learnt = _learn(features, hyperparameters, threads, cluster)
    channel, parameters = learnt.channel, learnt.hyperparameters
    given = {"labelled": channel.labelled, "habits": habits_of(channel.manifest["meanings"])}
    model, platt = finish(learnt.model, channel.train, channel.validation, parameters, **given)
    scores, on_validation = (gradient_boosting.score(model, split.rows) for split in (channel.test, channel.validation))
    metrics = _metrics(channel, scores, on_validation, champion)
    facts = {
        "model": MODEL_NAME,
        "algorithm": "xgboost",
        "xgboost_version": gradient_boosting.XGBOOST_VERSION,
        "code_sha256": code_sha256(),
        "hyperparameters": all_parameters(parameters),
    }
    told = facts | {
        "constraints": kept_constraints(parameters.algorithm, channel.columns),
        "calibration": {"method": SCALED if channel.labelled else CENTRED, **dataclasses.asdict(platt)},
        "tuning": learnt.study,
        "thresholds": thresholds(channel.validation.labels, on_validation),
    }
    files = _files(channel, model, scores) | {
        "metrics.json": canonical_json(metrics),
        "card.json": canonical_json(model_card(channel, model=told, metrics=metrics)),
    }
    about = {"version": 1, **_learnt_from(channel)}
    return Trained(metrics, write_artifact(output, files, facts | about), len(files["model.ubj"]))


def _learnt_from(channel: Channel) -> dict[str, Any]:
    """What the manifest says of the data."""
    return {
        "view": channel.manifest["view"],
        "data_manifest_sha256": channel.manifest_sha256,
        "features_sha256": channel.manifest["features_sha256"],
        "decisions": channel.manifest["decisions"],
        "trained_rows": len(channel.train.labels),
    }


def _files(channel: Channel, model: xgboost.Booster, scores: Vector) -> dict[str, bytes]:
    """Return what a server and its monitor read. Golden rows are usual ones: every endpoint answers them."""
    told = {name: channel.manifest[name] for name in ("view", "meanings")}
    served = server_files(model, ((name, channel.train.column(name)) for name in channel.columns))
    golden_rows = usual(served["guard.json"], channel.columns, channel.test.rows)
    return {
        "model.ubj": gradient_boosting.to_bytes(model),
        "baseline.json": canonical_json(describe((name, channel.train.column(name)) for name in channel.columns)),
        "features.json": canonical_json({"columns": channel.columns, "objective": OBJECTIVE, **told}),
        "golden.json": canonical_json(golden(channel.test.rows[golden_rows], scores[golden_rows])),
        **served,
    }


def assist(features: Path, hyperparameters: Hyperparameters, *, threads: int, cluster: Cluster) -> None:
    """Train with the other hosts on this one's part of the rows; the first host writes the artifact.

    Raises:
        InputError: the features can't be used, or another host was lost.
    """
    _learn(features, hyperparameters, threads, cluster)


def _learn(features: Path, hyperparameters: Hyperparameters, threads: int, cluster: Cluster) -> _Learnt:
    hosts = len(cluster.hosts)
    if hosts > 1 and hyperparameters.tuning_trials:
        raise InputError(
            f"tuning_trials is {hyperparameters.tuning_trials} and this job has {hosts} instances; a study runs on "
            "one. Tune on one instance, then train with the best values on several."
        )
    with cluster.joined():  # before anything is read, so that a host that can't read ends the others at once
        channel = read_channel(features, host=cluster.number, hosts=hosts)
        _check_learnable(channel, hyperparameters)
        if not channel.labelled:
            return _Learnt(channel, hyperparameters, [], gradient_boosting.unlearnt(channel.columns))
        chosen, study = tune(channel, hyperparameters, threads=threads)
        model = gradient_boosting.fit(channel.train, channel.validation, channel.columns, chosen, threads=threads)
    return _Learnt(channel, chosen, study, model)


def _check_learnable(channel: Channel, hyperparameters: Hyperparameters) -> None:
    """Without labels there is something to learn for algorithms with a forest, and nothing to judge a study by.

    Of whole months, a forest alone learns nothing that the real-time view hasn't.
    """
    if channel.manifest["view"] == BATCH and (hyperparameters.algorithm == ISOLATION or not channel.labelled):
        raise InputError(
            f"These features are of the view {BATCH}, and algorithm={hyperparameters.algorithm} "
            f"{'learns from no labels' if channel.labelled else 'finds no labels'}: a forest alone is cut by what both "
            "views know, so that nothing would change. Run etl without --view, or train classifier, ranker or combined "
            "on labels (docs/score.md)."
        )
    if channel.labelled or (hyperparameters.algorithm in FORESTS and not hyperparameters.tuning_trials):
        return
    asked = f"algorithm={hyperparameters.algorithm}, tuning_trials={hyperparameters.tuning_trials}"
    raise InputError(
        f"The ledger has no labels, and {asked} learns from labels: train with algorithm={' or '.join(FORESTS)} and "
        "without a study, map a column to `label`, or run etl with --inject SEED, which measures and finds no fraud."
    )


def _metrics(channel: Channel, scores: Vector, on_validation: Vector, champion: Path | None) -> dict[str, Any]:
    """Return metrics.json: the candidate's figures on test, by slice, and the champion's on the same rows.

    Without labels there is nothing to measure, and with too few nothing that is worth a figure, so that the gate has
    nothing to let pass. What real labels are judged by is the lift.
    """
    test = channel.test
    held_out = channel.manifest["objects"]["test.parquet"]["sha256"]
    told = {"holdout_sha256": held_out, "labels": channel.manifest["labels"]}
    if not channel.labelled or (few := too_few(test.labels)):
        counted = {"rows": len(test.labels), "anomalies": int(np.sum(test.labels > 0)), "slices": {}}
        return counted | told | ({"too_few": few} if channel.labelled else {})
    groups = groups_of(test, channel.columns)
    metrics = measure(test.labels, scores, test.kinds) | told
    metrics["ap_on_validation"] = Ranking.of(channel.validation.labels, on_validation).average_precision()
    metrics["slices"] = measure_slices(test.labels, scores, groups)
    compared = compare_champion(champion, channel, groups) if champion else None
    if channel.manifest["labels"] == REAL:
        metrics["lift"] = lift(test, channel.columns, scores, compared.scores if compared else None)
    return metrics | ({"champion": compared.told} if compared else {})
