"""One small trained model for all tests of serving, with the kernel and without."""

import dataclasses
from pathlib import Path

import pytest

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.native import library as native
from model_code.native.library import Library
from model_code.serving.model import ServedModel, load_model
from model_code.training.training import train
from tests.unit.model_code.native.compiled import compiled_library
from tests.unit.model_code.training.features_folder import write_features


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving")
    train(write_features(folder / "features"), folder / "model", Hyperparameters(n_estimators=40), threads=1)
    return folder / "model"


@pytest.fixture(scope="session")
def library() -> Library:
    found = compiled_library()
    native.optional_library.cache_clear()
    return found


@pytest.fixture(scope="session", params=["kernel", "xgboost"])
def model(artifact: Path, request: pytest.FixtureRequest) -> ServedModel:
    if request.param == "kernel":
        request.getfixturevalue("library")
    loaded = load_model(artifact, version="7", expected_manifest_sha256=None, max_model_bytes=1_000_000)
    assert loaded.kernel or request.param == "xgboost"
    return loaded if request.param == "kernel" else dataclasses.replace(loaded, kernel=None)
