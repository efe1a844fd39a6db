"""One small trained model for all tests of serving."""

from pathlib import Path

import pytest

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.serving.model import ServedModel, load_model
from model_code.training.training import train
from tests.unit.model_code.training.features_folder import write_features


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("serving")
    train(write_features(folder / "features"), folder / "model", Hyperparameters(n_estimators=40), threads=1)
    return folder / "model"


@pytest.fixture(scope="session")
def model(artifact: Path) -> ServedModel:
    return load_model(artifact, version="7", expected_manifest_sha256=None, max_model_bytes=1_000_000)
