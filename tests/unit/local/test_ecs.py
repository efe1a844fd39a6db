"""How MLflow's container becomes a process."""

from pathlib import Path

import pytest

from local import ecs
from mlflow_server.version import code_sha256

REGISTRY = "000000000000.dkr.ecr.us-east-1.amazonaws.com"


@pytest.fixture
def place(tmp_path: Path) -> ecs.Place:
    return ecs.Place.from_environment(
        {
            "ATOLL_LOCAL_FOLDER": str(tmp_path),
            "ATOLL_LOCAL_MLFLOW_PORT": "5001",
            "SSL_CERT_FILE": "ca.pem",
            "MINISTACK_SSL_CERT": "server.pem",
            "MINISTACK_SSL_KEY": "server.key",
        }
    )


def test_only_what_has_no_place_on_one_machine_is_replaced(place: ecs.Place) -> None:
    given = {"MLFLOW_ALLOWED_HOSTS": "localhost", "MLFLOW_ARTIFACTS_DESTINATION": "s3://b", "MLFLOW_PORT": "5000"}
    container = {"environment": [{"name": name, "value": value} for name, value in given.items()]}
    environment = ecs.server_environment(container, place)
    assert environment["MLFLOW_ALLOWED_HOSTS"] == "localhost"
    assert environment["MLFLOW_ARTIFACTS_DESTINATION"] == str(place.folder / "mlflow" / "artifacts")
    assert environment["MLFLOW_PORT"] == "5001"
    assert environment["MLFLOW_HOST"] == "127.0.0.1"
    assert environment["MLFLOW_TLS_KEY"] == "server.key"


def test_the_emulators_own_keys_dont_reach_the_server(place: ecs.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    assert "AWS_SECRET_ACCESS_KEY" not in ecs.server_environment({}, place)


def test_the_image_is_known_by_its_repository_and_the_codes_digest() -> None:
    assert ecs.is_mlflow(f"{REGISTRY}/atoll/mlflow@sha256:{code_sha256()}")
    assert not ecs.is_mlflow(f"{REGISTRY}/atoll/other@sha256:{code_sha256()}")
    assert not ecs.is_mlflow("public.example/busybox:latest")


@pytest.mark.parametrize("reference", ["", ":latest", f"@sha256:{'0' * 64}"])
def test_another_digest_or_a_tag_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="CannotPullContainerError"):
        ecs.is_mlflow(f"{REGISTRY}/atoll/mlflow{reference}")


def test_a_secret_from_elsewhere_is_refused() -> None:
    with pytest.raises(ValueError, match="Secrets Manager only"):
        ecs.secret_value("arn:aws:ssm:us-east-1:000000000000:parameter/x")
