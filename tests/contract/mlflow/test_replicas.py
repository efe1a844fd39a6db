"""Two replicas of the tracking server are one: users, pages and permissions."""

import re
import uuid

import pytest

from tests.contract.mlflow.conftest import Replicas

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"
PASSWORD = "a-password-of-a-person"
FORM = "/api/2.0/mlflow/users/create-ui"


@pytest.fixture
def ada(replicas: Replicas) -> tuple[str, str]:
    name = f"ada-{uuid.uuid4().hex[:8]}"
    body = {"username": name, "password": PASSWORD}
    assert replicas[0].call("POST", "/api/2.0/mlflow/users/create", json=body).status_code == 200
    return name, PASSWORD


def test_a_user_made_on_one_replica_is_known_to_the_other(replicas: Replicas, ada: tuple[str, str]) -> None:
    assert replicas[1].call("GET", SEARCH, user=ada).status_code == 200


def test_a_second_user_sees_nothing_of_the_firsts_experiment(replicas: Replicas, ada: tuple[str, str]) -> None:
    first, second = replicas
    made = first.call("POST", "/api/2.0/mlflow/experiments/create", json={"name": f"of-{uuid.uuid4()}"}).json()
    asked = f"/api/2.0/mlflow/experiments/get?experiment_id={made['experiment_id']}"
    assert second.call("GET", asked).status_code == 200
    assert second.call("GET", asked, user=ada).status_code == 403
    assert second.call("GET", SEARCH, user=ada).json().get("experiments", []) == []


def test_a_page_of_one_replica_is_accepted_by_the_other_and_a_forged_one_by_none(replicas: Replicas) -> None:
    first, second = replicas
    page = first.call("GET", "/signup")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    form = {"csrf_token": token, "username": f"eve-{uuid.uuid4().hex[:8]}", "password": PASSWORD}
    cookies = page.cookies.get_dict()
    own = {"Referer": f"{first.environment['MLFLOW_CORS_ALLOWED_ORIGINS']}/signup"}
    foreign = {"Referer": "https://evil.example/signup"}

    def send(body: dict[str, str], headers: dict[str, str]) -> int:
        return second.call("POST", FORM, data=body, cookies=cookies, headers=headers).status_code

    assert send(form | {"csrf_token": "forged"}, own) == 400
    assert send(form, foreign) == 400
    assert send(form, own) < 400
    assert second.call("GET", SEARCH, user=(form["username"], PASSWORD)).status_code == 200
