"""What is compared on one ledger: each model learns from train, stops on validation, and is judged once on test."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from model_code.algorithms.boosted_trees import BoostedTrees, GradientBoosting
from model_code.algorithms.calibration import calibrate
from model_code.algorithms.hyperparameters import RANKER, Hyperparameters
from model_code.algorithms.isolation_forest import IsolationForest
from model_code.algorithms.isolation_trees import add_isolation
from model_code.algorithms.protocol import Algorithm, Scorer
from model_code.algorithms.rules import Rules
from model_code.arrays import Vector
from model_code.evaluation.extras import TRIALS, Forecasts, forecasts, tuned, with_surprise, with_weeks
from model_code.evaluation.figures import (
    Figure,
    Unseen,
    figures,
    mean_recalls,
    recall_at_fall_out,
    recall_by_kind,
    times_precision,
)
from model_code.evaluation.ledgers import Ledger
from model_code.evaluation.protocol import Sample, choose, raw_fields, shuffle, take
from model_code.features.views import BATCH, REALTIME
from model_code.training.channel import Split
from model_code.training.metrics import Ranking

Say = Callable[[str], None]
Made = TypeVar("Made")
Learnt = TypeVar("Learnt", bound=Scorer)

SEED = 17
FOREST = "isolation forest"
BEFORE_CALIBRATION = "xgboost before calibration"
ORDINARY_SHARE = 1 / 3
"""Of the ordinary rows, for the trainings without one kind: seven trainings must not take seven times as long."""
# Weak labels are too few to set some apart for stopping. Chosen by rolling origin within 2016-2018, never on 2019.
WEAK = Hyperparameters(
    max_depth=4, learning_rate=0.05, n_estimators=150, subsample=0.7, colsample_bytree=0.5, early_stopping_rounds=0
)


@dataclass(frozen=True)
class Judged:
    """A model's figures on test, with what plots are drawn from."""

    figures: Mapping[str, Figure]
    by_kind: Mapping[str, float]
    labels: Vector
    scores: Vector
    seconds: float

    @property
    def roc_auc(self) -> float:
        """The area under the receiver operating characteristic."""
        return Ranking.of(self.labels, self.scores).roc_auc()

    @property
    def brier(self) -> float:
        """The mean squared difference of score and label; of a score that is no probability it says nothing."""
        return float(np.mean((self.scores.astype(np.float64) - self.labels) ** 2))


@dataclass(frozen=True)
class Comparison:
    """All models of one ledger, and what is left when a kind was never seen."""

    ledger: Ledger
    models: dict[str, Judged] = field(default_factory=dict)
    unseen: dict[str, dict[str, float]] = field(default_factory=dict)
    """Kind -> algorithm -> recall at 1 % false positives on that kind, which training never showed."""
    unseen_means: dict[str, Figure] = field(default_factory=dict)
    """Algorithm -> the mean of these over the kinds."""
    unseen_gains: dict[str, Figure] = field(default_factory=dict)
    """Algorithm -> how far that lies above the isolation forest's."""
    times_precision: dict[str, Figure] = field(default_factory=dict)
    """Baseline -> how many times its average precision the real-time model's is."""
    study: list[dict[str, Any]] = field(default_factory=list)
    """The trials of the tuned model, the defaults first."""
    forecasts: dict[str, Forecasts] = field(default_factory=dict)
    """Field -> weekly spend's forecasts, where nothing was injected."""
    reasons: dict[str, float] = field(default_factory=dict)
    """Feature -> mean size of its contribution (log-odds) to the 100 highest alerts of the real-time model."""

    def facts(self) -> dict[str, Any]:
        """What evaluation.json says of the ledger."""
        periods = {p.name: {"from": str(p.first), "to": str(p.last)} for p in self.ledger.periods}
        models = {
            name: {
                "figures": {figure: value._asdict() for figure, value in judged.figures.items()},
                "recall_at_1pct_fpr_by_kind": dict(judged.by_kind),
                "roc_auc": judged.roc_auc,
                "brier": judged.brier,
                "seconds": round(judged.seconds, 1),
            }
            for name, judged in self.models.items()
        }
        rows, anomalies = len(self.ledger.rows), int(self.ledger.rows["label"].sum())
        judged = next(iter(self.models.values())).labels
        test = {"rows": len(judged), "anomalies": int(np.sum(judged > 0))}
        facts = {"rows": rows, "anomalies": anomalies, "test": test, "periods": periods, "models": models}
        weekly = {
            name: found._asdict() | {"gains": {model: gain._asdict() for model, gain in found.gains.items()}}
            for name, found in self.forecasts.items()
        }
        paired = {
            "leave_one_kind_out_mean": self.unseen_means,
            "leave_one_kind_out_above_isolation_forest": self.unseen_gains,
            "times_average_precision": self.times_precision,
        }
        return {
            **facts,
            **{name: {key: figure._asdict() for key, figure in each.items()} for name, each in paired.items()},
            "leave_one_kind_out": self.unseen,
            "reasons": self.reasons,
            "weekly_forecasts": weekly,
            "tuning": self.study,
        }


def compare(ledger: Ledger, say: Say) -> Comparison:
    """Train and judge every model on a ledger with kinds of anomalies."""
    comparison = Comparison(ledger)
    realtime = _timed(f"{ledger.name}: features of the real-time view", lambda: take(ledger, REALTIME), say)
    judge = _Judge(comparison, say)
    judge.learn("rules", Rules(), realtime)
    forest = judge.learn(FOREST, IsolationForest(), realtime)
    judge.learn("xgboost, raw fields", GradientBoosting(Hyperparameters()), raw_fields(ledger))
    raw = judge.learn(BEFORE_CALIBRATION, GradientBoosting(Hyperparameters(), calibrated=False), realtime)
    model = BoostedTrees(calibrate(raw.booster, realtime.splits["validation"])[0])
    judge.judge("xgboost, real-time view", model, realtime, seconds=0.0)
    chosen, study = _timed(f"{ledger.name}: a study of {TRIALS} trials", lambda: tuned(realtime), say)
    comparison.study.extend(study)
    judge.learn("xgboost, tuned", GradientBoosting(chosen), realtime)
    judge.learn("xgboost ranker", GradientBoosting(Hyperparameters(algorithm=RANKER)), realtime)
    judge.learn("xgboost + text surprise", GradientBoosting(Hyperparameters()), with_surprise(realtime, ledger))
    judge.learn("xgboost + weekly residuals", GradientBoosting(Hyperparameters()), with_weeks(realtime, ledger))
    both = _with_forest(raw, realtime.splits["train"], realtime.splits["validation"])
    judge.judge("xgboost + isolation forest", both, realtime, seconds=0.0)
    judge.learn("random split (a mistake)", GradientBoosting(Hyperparameters()), shuffle(realtime, seed=SEED))
    batch = _timed(f"{ledger.name}: features of the batch view", lambda: take(ledger, BATCH), say)
    judge.learn("xgboost, batch view", GradientBoosting(Hyperparameters()), batch)
    judge.learn("xgboost, batch without cost centre", GradientBoosting(Hyperparameters()), _without_centre(batch))
    comparison.reasons.update(_reasons(model, realtime))
    if ledger.name == "generated":
        comparison.forecasts.update(forecasts(ledger))
    for baseline in ("rules", "xgboost, raw fields"):
        comparison.times_precision[baseline] = _times(comparison.models, baseline)
    _leave_one_kind_out(comparison, realtime, forest, say)
    return comparison


def compare_weak(ledger: Ledger, say: Say) -> Comparison:
    """Train and judge on labels that people left behind; only fields known at authorisation are used."""
    comparison = Comparison(ledger)
    realtime = _timed(f"{ledger.name}: features of the real-time view", lambda: take(ledger, REALTIME), say)
    judge = _Judge(comparison, say)
    judge.learn("rules", Rules(), realtime)
    judge.learn(FOREST, IsolationForest(), realtime)
    judge.learn("xgboost, raw fields", GradientBoosting(WEAK, calibrated=False), raw_fields(ledger))
    judge.learn("xgboost, real-time view", GradientBoosting(WEAK, calibrated=False), realtime)
    judge.learn("random split (a mistake)", GradientBoosting(WEAK, calibrated=False), shuffle(realtime, seed=SEED))
    comparison.forecasts.update(forecasts(ledger))
    return comparison


@dataclass(frozen=True)
class _Judge:
    """Trains, scores the test period, and writes down."""

    comparison: Comparison
    say: Say

    def learn(self, name: str, algorithm: Algorithm[Learnt], sample: Sample) -> Learnt:
        began = time.perf_counter()
        train = sample.splits["train"]
        scorer = algorithm.fit(train, sample.splits.get("validation", train), sample.columns)
        self.judge(name, scorer, sample, seconds=time.perf_counter() - began)
        return scorer

    def judge(self, name: str, scorer: Scorer, sample: Sample, *, seconds: float) -> None:
        test = sample.splits["test"]
        scores = scorer.score(test.rows)
        found = figures(test.labels, scores, seed=SEED)
        kinds = recall_by_kind(test.labels, scores, test.kinds)
        self.comparison.models[name] = Judged(found, kinds, test.labels, scores, seconds)
        shown = ", ".join(f"{key} {figure.value:.3f}" for key, figure in found.items())
        self.say(f"{self.comparison.ledger.name}: {name}: {shown} ({seconds:.0f} s)")


def _times(models: Mapping[str, Judged], baseline: str) -> Figure:
    """Both samples hold the same rows of test in the same order."""
    ours, theirs = models["xgboost, real-time view"], models[baseline]
    return times_precision(ours.labels, ours.scores, theirs.scores, seed=SEED)


def _leave_one_kind_out(comparison: Comparison, sample: Sample, forest: Scorer, say: Say) -> None:
    """The forest learnt without labels, with a few unlabelled anomalies of each kind among its rows, as in life."""
    train, validation, test = (sample.splits[name] for name in ("train", "validation", "test"))
    drawn = np.random.default_rng(SEED).random(len(train.labels)) < ORDINARY_SHARE
    train = choose(train, drawn | (train.labels > 0))
    kinds = []
    for kind in sorted(set(test.kinds) - {""}):
        known = {name: choose(part, np.array(part.kinds) != kind) for name, part in (("t", train), ("v", validation))}
        unscaled = GradientBoosting(Hyperparameters(), calibrated=False)
        model = unscaled.fit(known["t"], known["v"], sample.columns)
        scorers = {
            FOREST: forest,
            "xgboost": model,
            "xgboost + isolation forest": _with_forest(model, known["t"], known["v"]),
        }
        only = choose(test, np.isin(test.kinds, ["", kind]))
        scores = {name: scorer.score(only.rows) for name, scorer in scorers.items()}
        recalls = {name: recall_at_fall_out(only.labels, found) for name, found in scores.items()}
        kinds.append({name: Unseen(s[only.labels <= 0], s[only.labels > 0]) for name, s in scores.items()})
        comparison.unseen[kind] = recalls
        say(f"without {kind}: " + ", ".join(f"{name} {recall:.2f}" for name, recall in recalls.items()))
    means, gains = mean_recalls(kinds, FOREST, seed=SEED)
    comparison.unseen_means.update(means)
    comparison.unseen_gains.update(gains)


def _with_forest(model: BoostedTrees, train: Split, validation: Split) -> BoostedTrees:
    """What `algorithm=combined` deploys, but for the calibration, which changes no ranking."""
    return BoostedTrees(add_isolation(model.booster, [train], validation, seed=Hyperparameters.seed))


def _reasons(model: BoostedTrees, sample: Sample) -> dict[str, float]:
    test: Split = sample.splits["test"]
    top = np.argsort(-model.score(test.rows), kind="stable")[:100]
    sizes = np.abs(model.contributions(test.rows[top])).mean(axis=0)
    return {sample.columns[i]: float(sizes[i]) for i in np.argsort(-sizes)}


def _without_centre(sample: Sample) -> Sample:
    kept = [i for i, name in enumerate(sample.columns) if not name.startswith("centre_")]
    splits = {name: Split(part.rows[:, kept], part.labels, part.kinds) for name, part in sample.splits.items()}
    return Sample(tuple(sample.columns[i] for i in kept), splits)


def _timed(what: str, work: Callable[[], Made], say: Say) -> Made:
    began = time.perf_counter()
    made = work()
    say(f"{what} ({time.perf_counter() - began:.0f} s)")
    return made
