"""Several hosts train one model: the one that a single host would have trained; and a lost host is told by all."""

import json
import os
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from model_code.algorithms import gradient_boosting
from model_code.boosters import load_booster
from model_code.training.channel import read_channel
from tests.contract.training.hosts import Hosts
from tests.patience import PATIENCE
from tests.unit.model_code.training.features_folder import write_features

pytestmark = pytest.mark.timeout(600)
# Without sampling: hosts draw their own rows, so a sampled model differs from a single host's, as from another seed's.
CHOICES = {"n_estimators": "20", "max_depth": "4", "subsample": "1", "colsample_bytree": "1"}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_features(tmp_path_factory.mktemp("distributed") / "features", rows=2001)


@contextmanager
def training(folder: Path, features: Path, number: int, **choices: str) -> Generator[Hosts]:
    hosts = Hosts(folder, features, number, CHOICES | choices)
    try:
        yield hosts
    finally:
        hosts.end()


@pytest.fixture(scope="module")
def alone(features: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with training(tmp_path_factory.mktemp("alone"), features, 1) as hosts:
        assert hosts.codes() == [0], hosts.logs()
        return hosts.roots[0] / "model"


def trees(model: Path) -> list[dict]:
    booster = load_booster((model / "model.ubj").read_bytes())
    return json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]["model"]["trees"]


@pytest.mark.share(1)
@pytest.mark.parametrize("number", [2, 4])
def test_several_hosts_grow_the_trees_of_one(features: Path, alone: Path, tmp_path: Path, number: int) -> None:
    """Same splits in every tree; leaves and scores differ by single precision's sums alone.

    The features have fewer values than bins, so the hosts' merged sketches cut where one host's would.
    """
    with training(tmp_path, features, number) as hosts:
        assert hosts.codes() == [0] * number, hosts.logs()
    model = hosts.roots[0] / "model"
    for ours, theirs in zip(trees(model), trees(alone), strict=True):
        assert ours["split_indices"] == theirs["split_indices"]
        assert ours["left_children"] == theirs["left_children"]
        assert ours["split_conditions"] == pytest.approx(theirs["split_conditions"], abs=1e-4)
    rows = read_channel(features).test.rows
    scores = [gradient_boosting.score(load_booster((path / "model.ubj").read_bytes()), rows) for path in (model, alone)]
    assert np.abs(scores[0] - scores[1]).max() <= 1e-5
    assert (model / "baseline.json").read_bytes() == (alone / "baseline.json").read_bytes()
    assert json.loads((model / "manifest.json").read_bytes())["trained_rows"] == 2001
    assert not any((root / "model").exists() for root in hosts.roots[1:]), "the first host alone writes the artifact"


@pytest.mark.share(1)
@pytest.mark.parametrize(
    "choices", [{"algorithm": "ranker"}, {"algorithm": "combined", "external_memory": "1"}, {"subsample": "0.5"}]
)
def test_every_way_of_training_works_on_two_hosts(features: Path, tmp_path: Path, choices: dict[str, str]) -> None:
    with training(tmp_path, features, 2, **choices) as hosts:
        assert hosts.codes() == [0, 0], hosts.logs()
    metrics = json.loads((hosts.roots[0] / "model/metrics.json").read_bytes())
    assert metrics["average_precision"] > 0.7


@pytest.mark.share(1, among="a host is lost")
def test_a_host_that_never_comes_fails_the_others_in_time(features: Path, tmp_path: Path) -> None:
    hosts = Hosts(tmp_path, features, 2, CHOICES, join_seconds=5)
    try:
        hosts.processes[1].kill()
        hosts.processes[1].wait()
        assert hosts.processes[0].wait(PATIENCE) == 1
    finally:
        hosts.end()
    assert "lost" in (hosts.roots[0] / "output/failure").read_text()
    assert not (hosts.roots[0] / "model").exists()


@pytest.mark.share(1, among="a host is lost")
def test_a_host_that_dies_fails_the_job_on_every_host_and_leaves_no_process(features: Path, tmp_path: Path) -> None:
    endless = {"n_estimators": "5000", "early_stopping_rounds": "0", "max_depth": "12", "min_child_weight": "0"}
    with training(tmp_path, features, 3, **endless) as hosts:
        for host in range(3):
            hosts.wait_for_word(host, "got rank")
        children = [pid for host in range(3) for pid in hosts.children(host)]
        assert len(children) == 3
        began = time.monotonic()
        os.kill(hosts.children(2)[0], signal.SIGKILL)
        assert hosts.codes() == [1, 1, 1]
        assert time.monotonic() - began < 180
    for root in hosts.roots:
        sentence = (root / "output/failure").read_text()
        assert "lost" in sentence, sentence
        assert "log says what it saw last" in sentence
        assert not (root / "model").exists()
    assert not any(Path(f"/proc/{pid}").exists() for pid in children)
