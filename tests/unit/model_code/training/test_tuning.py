import json
from pathlib import Path

import pytest

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.training.channel import Channel, read_channel
from model_code.training.training import train
from model_code.training.tuning import SPACE, tune
from tests.unit.model_code.training.features_folder import write_features

CHOICES = Hyperparameters(n_estimators=20, tuning_trials=4)


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Channel:
    return read_channel(write_features(tmp_path_factory.mktemp("tuning") / "features", rows=400))


def test_without_trials_nothing_is_tried(channel: Channel) -> None:
    given = Hyperparameters(n_estimators=20)
    assert tune(channel, given, threads=1) == (given, [])


def test_the_best_trial_wins_and_the_given_values_are_the_first(channel: Channel) -> None:
    chosen, table = tune(channel, CHOICES, threads=1)
    assert len(table) == 4
    assert {name: table[0][name] for name in SPACE} == {name: getattr(CHOICES, name) for name in SPACE}
    best = max(table, key=lambda trial: trial["average_precision"])
    assert {name: best[name] for name in SPACE} == {name: getattr(chosen, name) for name in SPACE}
    assert best["average_precision"] >= table[0]["average_precision"]
    assert chosen.n_estimators == CHOICES.n_estimators


def test_the_same_seed_gives_the_same_study(channel: Channel) -> None:
    assert tune(channel, CHOICES, threads=1) == tune(channel, CHOICES, threads=1)
    other = Hyperparameters(n_estimators=20, tuning_trials=4, seed=5)
    assert tune(channel, other, threads=1)[1][1:] != tune(channel, CHOICES, threads=1)[1][1:]


def test_no_trial_begins_after_the_time_is_up(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 10_000, 40))
    monkeypatch.setattr("model_code.training.tuning.time.monotonic", lambda: next(clock))
    _, table = tune(channel, Hyperparameters(n_estimators=5, tuning_trials=1000, tuning_minutes=1), threads=1)
    assert len(table) == 2


def test_the_study_stands_in_the_card(tmp_path: Path) -> None:
    features = write_features(tmp_path / "features", rows=400)
    train(features, tmp_path / "model", CHOICES, threads=1)
    card = json.loads((tmp_path / "model/card.json").read_bytes())
    manifest = json.loads((tmp_path / "model/manifest.json").read_bytes())
    best = max(card["tuning"], key=lambda trial: trial["average_precision"])
    assert manifest["hyperparameters"]["max_depth"] == best["max_depth"]
    assert len(card["tuning"]) == 4
