"""Probes of the real tracking server (tests/faults/probes), by users without a grant on what they attack."""

from typing import Any

import pytest
import requests

from tests.contract.mlflow.servers import ADMINISTRATOR, Replica
from tests.faults.probes.outcome import refused

NOBODY = ("probe", "a-password-of-the-probe")
API = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def server(replicas: tuple[Replica, Replica]) -> Replica:
    replicas[0].call("POST", f"{API}/users/create", json={"username": NOBODY[0], "password": NOBODY[1]})
    return replicas[0]


def made(server: Replica, path: str, user: tuple[str, str] = ADMINISTRATOR, **body: object) -> dict[str, Any]:
    """Make something, as the administrator or as somebody; what must work for the probe to mean anything."""
    answer = server.call("POST", f"{API}/{path}", user=user, json=body)
    assert answer.ok, (path, answer.text)
    return answer.json()


def run_of(server: Replica, name: str, user: tuple[str, str] = ADMINISTRATOR) -> str:
    """Make an experiment and a run in it."""
    experiment = made(server, "experiments/create", user, name=name)["experiment_id"]
    return made(server, "runs/create", user, experiment_id=experiment)["run"]["info"]["run_id"]


def told(answer: requests.Response) -> str:
    """Return status and text of an answer."""
    return f"{answer.status_code} {answer.text[:200]}"


def test_rt_01_a_delete_is_authorized_by_what_it_is_carried_out_by(server: Replica) -> None:
    made(server, "registered-models/create", name="probed-victim")
    made(server, "registered-models/create", NOBODY, name="probed-own")
    headers = {"Content-Type": "text/plain"}
    path = f"{API}/registered-models/delete?name=probed-own"
    answer = server.call("DELETE", path, user=NOBODY, headers=headers, data=b'{"name": "probed-victim"}')
    there = server.call("GET", f"{API}/registered-models/get?name=probed-victim")
    refused(there.ok, f"deleted by a user without a grant ({told(answer)}); the administrator reads {told(there)}")


def test_rt_10_a_request_names_a_run_once(server: Replica) -> None:
    victim, own = run_of(server, "probed-victims-runs"), run_of(server, "probed-own-runs", NOBODY)
    body = {"run_uuid": own, "runId": victim, "key": "planted", "value": "mallory"}
    answer = server.call("POST", f"{API}/runs/set-tag", user=NOBODY, json=body)
    tags = server.call("GET", f"{API}/runs/get?run_id={victim}").json()["run"]["data"].get("tags", [])
    planted = [tag for tag in tags if tag["key"] == "planted"]
    refused(not planted, f"written by a user without a grant ({told(answer)}): {planted}")


def test_rt_27_another_scheme_than_a_password_is_asked_to_sign_in(server: Replica) -> None:
    headers = {"Authorization": "Bearer x"}
    answer = server.call("GET", f"{API}/experiments/search?max_results=5", user=None, headers=headers)
    refused(answer.status_code == 401, told(answer))
