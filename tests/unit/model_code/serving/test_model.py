import dataclasses
import gc
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model_code.errors import InputError
from model_code.native.library import Library
from model_code.serving.kernel import TOLERANCE
from model_code.serving.model import ServedModel, load_model
from model_code.training.artifact import canonical_json
from tests.unit.model_code.training.features_folder import COLUMNS


def load(folder: Path, expected: str | None = None, limit: int = 1_000_000) -> ServedModel:
    return load_model(folder, version=None, expected_manifest_sha256=expected, max_model_bytes=limit)


def manifest_sha256(folder: Path) -> str:
    return hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()


def resealed(folder: Path, **changes: object) -> None:
    """What an attacker without the release's hash can do: a manifest that fits the changed files."""
    manifest = json.loads((folder / "manifest.json").read_bytes()) | changes
    for path in folder.iterdir():
        if path.name in manifest["files"]:
            content = path.read_bytes()
            manifest["files"][path.name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    (folder / "manifest.json").write_bytes(canonical_json(manifest))


@pytest.fixture
def copy(artifact: Path, tmp_path: Path) -> Path:
    return shutil.copytree(artifact, tmp_path / "model")


def test_the_released_model_is_loaded_and_named(copy: Path) -> None:
    model = load(copy, expected=manifest_sha256(copy))
    assert model.columns == COLUMNS
    assert model.version == manifest_sha256(copy)[:12]


def test_a_model_scores_and_explains_alike_with_and_without_the_kernel(artifact: Path, library: Library) -> None:
    fast = load(artifact)
    slow = dataclasses.replace(fast, kernel=None)
    rows = np.random.default_rng(2).normal(size=(700, len(COLUMNS)))
    rows[::5, 1] = np.nan
    assert library
    assert fast.kernel
    assert np.abs(fast.scores(rows) - slow.scores(rows)).max() <= TOLERANCE
    scores = fast.scores(rows[:5])
    assert fast.reasons(rows[:5], scores, 2) == slow.reasons(rows[:5], scores, 2)


def test_a_collection_never_walks_all_that_xgboost_brings(artifact: Path) -> None:
    model = load(artifact)
    before = len(gc.get_objects())
    assert model.reference
    assert gc.isenabled()
    assert len(gc.get_objects()) < before / 2


@pytest.mark.parametrize("expected", ["0" * 64, ""])
def test_another_manifest_than_the_released_one_is_refused(copy: Path, expected: str) -> None:
    with pytest.raises(InputError, match="this isn't the released model"):
        load(copy, expected=expected)


def test_a_model_over_the_limit_is_refused(copy: Path) -> None:
    size = (copy / "model.ubj").stat().st_size
    assert load(copy, limit=size)
    with pytest.raises(InputError, match=f"model.ubj has {size:,} bytes and this endpoint loads at most {size - 1:,}"):
        load(copy, limit=size - 1)


def changed_file(folder: Path) -> None:
    content = bytearray((folder / "model.ubj").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "model.ubj").write_bytes(content)


def extra_file(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(b"cos\nsystem\n")


def extra_file_in_a_folder(folder: Path) -> None:
    (folder / "code").mkdir()
    (folder / "code/inference.py").write_text("import os")


def lost_file(folder: Path) -> None:
    (folder / "metrics.json").unlink()


def linked_file(folder: Path) -> None:
    moved = (folder / "metrics.json").rename(folder.parent / "metrics.json")
    (folder / "metrics.json").symlink_to(moved)


def outside_file(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"]["../outside.json"] = {"sha256": hashlib.sha256(b"{}").hexdigest(), "bytes": 2}
    (folder.parent / "outside.json").write_bytes(b"{}")
    (folder / "manifest.json").write_bytes(canonical_json(manifest))


def no_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def broken_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"[1,")


def manifest_of_a_list(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"[]")


def manifest_without_the_model(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_bytes())
    del manifest["files"]["model.ubj"]
    (folder / "model.ubj").unlink()
    (folder / "manifest.json").write_bytes(canonical_json(manifest))


def other_xgboost(folder: Path) -> None:
    resealed(folder, xgboost_version="3.0.5")


def other_scores(folder: Path) -> None:
    golden = json.loads((folder / "golden.json").read_bytes())
    golden["scores"][7] += 2e-6
    (folder / "golden.json").write_bytes(canonical_json(golden))
    resealed(folder)


def scores_that_are_none(folder: Path) -> None:
    golden = json.loads((folder / "golden.json").read_bytes())
    golden["scores"] = [float("nan")] * 20
    (folder / "golden.json").write_text(json.dumps(golden))
    resealed(folder)


def other_view(folder: Path) -> None:
    features = json.loads((folder / "features.json").read_bytes()) | {"view": "batch"}
    (folder / "features.json").write_bytes(canonical_json(features))
    resealed(folder)


def other_columns(folder: Path) -> None:
    features = json.loads((folder / "features.json").read_bytes()) | {"columns": COLUMNS[:2]}
    (folder / "features.json").write_bytes(canonical_json(features))
    guard = json.loads((folder / "guard.json").read_bytes())
    guard["columns"] = {name: guard["columns"][name] for name in COLUMNS[:2]}
    (folder / "guard.json").write_bytes(canonical_json(guard))
    resealed(folder)


def other_guard(folder: Path) -> None:
    guard = json.loads((folder / "guard.json").read_bytes())
    del guard["columns"]["hour"]
    (folder / "guard.json").write_bytes(canonical_json(guard))
    resealed(folder)


def other_algorithm(folder: Path) -> None:
    resealed(folder, algorithm="isolation_forest")


def no_model(folder: Path) -> None:
    (folder / "model.ubj").write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    resealed(folder)


@pytest.mark.parametrize(
    ("harm", "expected"),
    [
        (changed_file, "model.ubj has sha256"),
        (extra_file, "'extra.pkl' is there and isn't in the manifest"),
        (extra_file_in_a_folder, "'code' is there and isn't in the manifest"),
        (lost_file, "'metrics.json' is in the manifest and missing"),
        (linked_file, "'metrics.json' is no ordinary file"),
        (outside_file, "'../outside.json' is in the manifest and missing"),
        (no_manifest, "has no manifest.json"),
        (broken_manifest, "manifest.json is no JSON"),
        (manifest_of_a_list, "manifest.json holds no JSON object"),
        (manifest_without_the_model, "with features.json, golden.json, guard.json, model.ubj among its files"),
        (other_xgboost, "trained with XGBoost 3.0.5 and this image has 3.2.0"),
        (other_scores, "golden rows score up to 2e-06 differently"),
        (scores_that_are_none, "golden rows score up to nan differently"),
        (other_view, "trained on the 'batch' view"),
        (other_guard, "guard.json isn't version 1 of ours for the columns amount, hour, merchant_age, refunds"),
        (other_algorithm, "The model's algorithm is 'isolation_forest'; this server serves XGBoost's models"),
        (other_columns, "golden.json's rows are (20, 4); features.json names 2 columns"),
        (no_model, "model.ubj isn't a model that XGBoost can read"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_an_artifact_that_is_not_what_was_trained_never_serves(
    copy: Path, harm: Callable[[Path], None], expected: str
) -> None:
    harm(copy)
    with pytest.raises(InputError) as refusal:
        load(copy)
    assert expected in str(refusal.value)


def test_reasons_come_in_words_where_the_artifact_says_what_features_mean(model: ServedModel) -> None:
    about = {"meaning": "the size of the purchase", "unit": "money", "stored": "ln(1 + x)"}
    named = dataclasses.replace(model, meanings=dict.fromkeys(model.columns, about), currency="USD")
    rows = np.full((1, len(model.columns)), np.log1p(412.5))
    for reason in named.reasons(rows, named.scores(rows), 2)[0]:
        assert reason["words"] == "the size of the purchase: 412.50 USD"
    assert all("words" not in reason for reason in model.reasons(rows, model.scores(rows), 2)[0])
