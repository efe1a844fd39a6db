import json
from pathlib import Path

import pytest
from xgboost import collective

from model_code.errors import InputError
from model_code.training.cluster import ALONE, Cluster, ClusterError, read_cluster

HOSTS = ["algo-1", "algo-2", "algo-3"]


def config(folder: Path, content: object) -> Path:
    (folder / "resourceconfig.json").write_text(json.dumps(content))
    return folder / "resourceconfig.json"


def test_a_machine_without_sagemakers_file_is_alone(tmp_path: Path) -> None:
    assert read_cluster(tmp_path / "resourceconfig.json") == ALONE
    assert (len(ALONE.hosts), ALONE.number) == (1, 0)


@pytest.mark.parametrize(("host", "number"), [("algo-1", 0), ("algo-3", 2)])
def test_the_first_host_of_the_list_leads(tmp_path: Path, host: str, number: int) -> None:
    cluster = read_cluster(config(tmp_path, {"current_host": host, "hosts": HOSTS}), join_seconds=7)
    assert (cluster.hosts, cluster.number, cluster.join_seconds) == (HOSTS, number, 7)


@pytest.mark.parametrize(
    "content",
    [[], {}, {"hosts": HOSTS}, {"current_host": "algo-1"}, {"current_host": "algo-9", "hosts": HOSTS}, {"hosts": 3}],
)
def test_another_file_than_sagemakers_is_refused_with_what_was_expected(tmp_path: Path, content: object) -> None:
    with pytest.raises(InputError, match=r"isn't SageMaker's .* expected .*current_host"):
        read_cluster(config(tmp_path, content))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "resourceconfig.json").write_text("{")
    with pytest.raises(InputError, match="isn't SageMaker's"):
        read_cluster(tmp_path / "resourceconfig.json")


def test_alone_no_collective_is_joined() -> None:
    with ALONE.joined():
        assert collective.get_world_size() == 1
        assert not collective.is_distributed()


def test_a_first_host_that_has_no_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise OSError(name)

    monkeypatch.setattr("model_code.hosts.socket.gethostbyname", unknown)
    cluster = Cluster(HOSTS, 1, join_seconds=0)
    with pytest.raises(ClusterError, match="first host of this training, algo-1, has no address"), cluster.joined():
        pass


def test_an_error_of_the_training_itself_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), ALONE.joined():
        raise ZeroDivisionError
