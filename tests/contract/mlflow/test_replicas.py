"""Two replicas of the tracking server are one: users, pages, permissions and passwords."""

import re
import uuid

import psycopg2
import pytest

from tests.contract.mlflow.conftest import Parts, Replicas
from tests.contract.mlflow.servers import migrate

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
    assert second.call("POST", FORM, data=form | {"csrf_token": "forged"}, cookies=cookies).status_code == 400
    assert second.call("POST", FORM, data=form, cookies=cookies).status_code < 400
    assert second.call("GET", SEARCH, user=(form["username"], PASSWORD)).status_code == 200


def test_a_rotated_password_is_what_the_next_task_needs(parts: Parts, environment: dict[str, str]) -> None:
    """Tasks that run already keep their connections and can open no new ones: a rotation asks for a new deployment."""
    task, database = parts
    former = environment["PGPASSWORD"]
    database.rotate("the-password-after-rotation")
    try:
        assert migrate(task.environment(database), task.folder).returncode == 0
        with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
            psycopg2.connect(host="127.0.0.1", port=database.port, user="mlflow", password=former, dbname="mlflow")
    finally:
        database.rotate(former)


def test_a_database_without_tls_is_refused_by_the_tasks_own_address(parts: Parts) -> None:
    task, database = parts
    address = task.environment(database, tls=True)["MLFLOW_BACKEND_STORE_URI"].replace("+psycopg2", "")
    with pytest.raises(psycopg2.OperationalError, match="server does not support SSL"):
        psycopg2.connect(address, user="mlflow", password=database.password)
