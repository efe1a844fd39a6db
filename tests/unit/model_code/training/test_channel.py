from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from model_code.errors import InputError
from model_code.training.channel import read_channel
from tests.unit.model_code.training.features_folder import COLUMNS, split_table, write_features, write_manifest


def replaced(folder: Path, name: str, column: str, values: list) -> None:
    """Rewrite one split with other values in one column, and a manifest that fits."""
    table = pq.read_table(folder / name)
    table = table.set_column(table.column_names.index(column), column, pa.array(values))
    pq.write_table(table, folder / name)
    write_manifest(folder)


@pytest.fixture
def features(tmp_path: Path) -> Path:
    return write_features(tmp_path / "features", rows=200)


def test_a_good_channel_is_read_in_the_models_order_with_missing_values(features: Path) -> None:
    write_manifest(features, columns=COLUMNS[::-1])
    channel = read_channel(features)
    table = pq.read_table(features / "test.parquet")
    assert channel.columns == COLUMNS[::-1]
    expected = [table[name].to_numpy() for name in COLUMNS[::-1]]
    assert np.array_equal(channel.test.rows, np.column_stack(expected), equal_nan=True)
    assert np.isnan(channel.test.rows).any()
    assert channel.test.kinds == [kind or "" for kind in table["kind"].to_pylist()]


def test_an_integer_or_boolean_feature_is_a_number(features: Path) -> None:
    replaced(features, "train.parquet", "hour", [1, None] * 100)
    replaced(features, "test.parquet", "hour", [True, None] * 100)
    channel = read_channel(features)
    assert next(iter(channel.train)).rows[0, 1] == 1
    assert channel.test.rows[0, 1] == 1
    assert np.isnan(next(iter(channel.train)).rows[1, 1])


def changed_after_the_manifest(folder: Path) -> None:
    pq.write_table(split_table(200, seed=9), folder / "test.parquet")


def one_class(folder: Path) -> None:
    replaced(folder, "validation.parquet", "label", [0] * 200)


def empty_split(folder: Path) -> None:
    pq.write_table(split_table(200, seed=1).slice(0, 0), folder / "validation.parquet")
    write_manifest(folder)


def nothing_in_a_feature(folder: Path) -> None:
    replaced(folder, "train.parquet", "refunds", [np.nan] * 200)


def infinite_value(folder: Path) -> None:
    replaced(folder, "train.parquet", "hour", [1.0, np.inf] + [1.0] * 198)


def text_in_a_feature(folder: Path) -> None:
    replaced(folder, "train.parquet", "hour", ["noon"] * 200)


def no_such_column(folder: Path) -> None:
    write_manifest(folder, columns=[*COLUMNS, "weekday"])


def label_as_feature(folder: Path) -> None:
    write_manifest(folder, columns=[*COLUMNS, "label"])


def twice_the_same_column(folder: Path) -> None:
    write_manifest(folder, columns=[*COLUMNS, "hour"])


def no_column(folder: Path) -> None:
    write_manifest(folder, columns=[])


def other_view(folder: Path) -> None:
    write_manifest(folder, view="weekly")


def other_feature_code(folder: Path) -> None:
    write_manifest(folder, features_sha256="0" * 64)


def unknown_feature_code(folder: Path) -> None:
    write_manifest(folder, features_sha256=None)


def list_of_objects(folder: Path) -> None:
    write_manifest(folder, objects=["train.parquet"])


def objects_without_hashes(folder: Path) -> None:
    write_manifest(folder, objects={"train.parquet": {}})


def unlisted_file(folder: Path) -> None:
    (folder / "more.parquet").write_bytes(b"")


def lost_file(folder: Path) -> None:
    (folder / "test.parquet").unlink()
    write_manifest(folder)


def no_parquet(folder: Path) -> None:
    (folder / "test.parquet").write_bytes(b"label,kind\n1,split\n")
    write_manifest(folder)


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def broken_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (changed_after_the_manifest, "test.parquet has sha256"),
        (one_class, "labels of validation.parquet are 0; expected both 0 and 1"),
        (empty_split, "validation.parquet is empty"),
        (nothing_in_a_feature, "train.parquet has no value at all for refunds"),
        (infinite_value, "hour of train.parquet is inf in row 2"),
        (text_in_a_feature, "hour of train.parquet holds"),
        (no_such_column, "no column weekday"),
        (label_as_feature, "none of ['kind', 'label', 'transaction_id']"),
        (twice_the_same_column, "expected distinct ones"),
        (no_column, "names no columns"),
        (other_view, "isn't version 1 of the view realtime or batch"),
        (other_feature_code, f"says that code {'0' * 64} computed them, and this image's feature code is"),
        (unknown_feature_code, "says that code None computed them"),
        (list_of_objects, "lists no objects with their sha256"),
        (objects_without_hashes, "lists no objects with their sha256"),
        (unlisted_file, "more.parquet"),
        (lost_file, "expected the same, with train.parquet"),
        (no_parquet, "test.parquet can't be read as Parquet"),
        (no_manifest, "has no manifest.json"),
        (broken_manifest, "is no JSON"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_channel_that_is_not_what_it_says_trains_nothing(
    features: Path, harm: Callable[[Path], None], expected: str
) -> None:
    harm(features)
    with pytest.raises(InputError) as refusal:
        read_channel(features)
    assert expected in str(refusal.value)
