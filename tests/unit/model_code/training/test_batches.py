from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from model_code.algorithms import gradient_boosting
from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.errors import InputError
from model_code.training import batches
from model_code.training.batches import Batches
from model_code.training.channel import read_channel
from tests.unit.model_code.training.features_folder import COLUMNS, split_table, write_features


@pytest.fixture
def path(tmp_path: Path) -> Path:
    pq.write_table(split_table(1000, seed=1), tmp_path / "train.parquet", row_group_size=300)
    return tmp_path / "train.parquet"


@pytest.mark.parametrize("hosts", [1, 2, 3, 7])
def test_every_row_belongs_to_exactly_one_host(path: Path, monkeypatch: pytest.MonkeyPatch, hosts: int) -> None:
    monkeypatch.setattr(batches, "BATCH", 64)
    table = pq.read_table(path)
    every = np.column_stack([table[name].to_numpy() for name in COLUMNS])
    for host in range(hosts):
        parts = list(Batches(path, COLUMNS, host, hosts))
        assert max(len(part.labels) for part in parts) <= 64
        assert np.array_equal(np.concatenate([part.rows for part in parts]), every[host::hosts], equal_nan=True)
        labels = np.concatenate([part.labels for part in parts])
        assert labels.tolist() == table["label"].to_pylist()[host::hosts]


def test_rows_can_be_read_as_often_as_a_training_needs(path: Path) -> None:
    rows = Batches(path, COLUMNS)
    assert sum(len(part.labels) for part in rows) == sum(len(part.labels) for part in rows) == 1000
    assert np.array_equal(rows.labels, pq.read_table(path)["label"].to_numpy())


@pytest.mark.parametrize("external", [0, 1])
def test_a_training_in_small_batches_or_from_disk_is_the_one_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, external: int
) -> None:
    """With fewer distinct values than bins the cuts are the values themselves, so not even the bytes may differ."""
    channel = read_channel(write_features(tmp_path / "features", rows=900))
    models = []
    for size, choice in ((2**17, 0), (200, external)):
        monkeypatch.setattr(batches, "BATCH", size)
        hyperparameters = Hyperparameters(n_estimators=20, external_memory=choice)
        models.append(gradient_boosting.fit(channel.train, channel.validation, COLUMNS, hyperparameters, threads=1))
    scores = [gradient_boosting.score(model, channel.test.rows) for model in models]
    assert np.abs(scores[0] - scores[1]).max() <= 1e-5


def test_a_number_that_xgboost_can_not_take_is_refused_while_reading(path: Path) -> None:
    table = pq.read_table(path)
    values = table["hour"].to_numpy().copy()
    values[3] = 1e300
    pq.write_table(table.set_column(table.column_names.index("hour"), "hour", [values]), path)
    with pytest.raises(InputError, match=r"hour of train.parquet is 1e\+300 in row 4"):
        list(Batches(path, COLUMNS))
