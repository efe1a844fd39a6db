"""A request that can be read in two ways is refused: on every writing route, as a user without a grant on the thing."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests import share
from tests.contract.mlflow.belongings import Belongings, belongings, kept
from tests.contract.mlflow.conftest import Replicas, Writing
from tests.contract.mlflow.servers import Replica
from tests.contract.mlflow.splits import Split, splits

SHARE = 90  # routes of each run: all in `make test-long`
LOOK_EVERY = 6  # routes: a look costs as much as a route does
PASSWORD = "a-password-of-mallory"
UNTABLED: Mapping[str, Any] = {
    "username": "", "password": PASSWORD, "is_admin": True, "permission": "MANAGE", "role_id": 1, "user_id": 1,
    "resource_type": "registered_model", "resource_pattern": "*", "resource_id": "*", "workspace": "default",
    "name": "", "run_uuid": "", "run_id": "", "experiment_id": "", "path": "planted", "query": "mutation { x }",
    "trace_ids": [], "scorer_name": "planted", "sample_rate": 1,
}  # fmt: skip
"""What the routes take that MLflow's table of messages doesn't have: users, roles, jobs, pages' helpers."""
NO_MESSAGE = frozenset(
    [
        *("demo/delete", "demo/generate", "experiments/search-datasets", "gateway-proxy", "genai/evaluate/invoke"),
        *("/graphql", "issues/invoke", "jobs/cancel/<job_id>", "roles/assign", "roles/create", "roles/delete"),
        *("roles/permissions/add", "roles/permissions/remove", "roles/permissions/update", "roles/unassign"),
        *("roles/update", "runs/create-promptlab-run", "scorer/invoke", "scorers/online-config", "ui-telemetry"),
        *("upload-artifact", "users/create", "users/create-ui", "users/delete", "users/permissions/grant"),
        *("users/permissions/revoke", "users/update-admin", "users/update-password"),
    ]
)


def short(path: str) -> str:
    """Return a rule without the part that all share."""
    return path.partition("/mlflow/")[2] or path


def test_each_writing_route_is_one_whose_parameters_are_known(writing: Writing) -> None:
    unknown = {short(path) for _, path, fields in writing if fields is None} - NO_MESSAGE
    assert not unknown, "A new route of MLflow: add its parameters to UNTABLED, so that it is attacked, too."
    assert len(writing) > 250  # 295 in MLflow 3.17.2: an empty map would prove nothing


class Siege:
    """A victim's things, an attacker's own, and what the attacker's requests did to the victim's."""

    def __init__(self, server: Replica, who: str = "mallory") -> None:
        self.server, self.user = server, (who, PASSWORD)
        self.renew()
        self.victim, self.broken = belongings(server), list[str]()
        self.before, self.asked = self.victim.seen(server), list[str]()

    def renew(self) -> None:
        """Give the attacker new things in the place of those that the own requests deleted."""
        self.server.call("POST", "/api/2.0/mlflow/users/create", json={"username": self.user[0], "password": PASSWORD})
        self.own = belongings(self.server, self.user)

    def attack(self, method: str, path: str, fields: Mapping[str, Any]) -> None:
        """Ask one route in every way."""
        for split in splits(path, fields, self.own.ids, self.victim.ids):
            code = self.ask(method, split)
            if code < 400:
                self.asked.append(f"{method} {path}, {split.told}: {code}")
                if method == "DELETE" or any(word in path for word in ("delete", "rename", "revoke", "remove")):
                    self.renew()

    def look(self) -> None:
        """Note what was let in since the last look when the victim's things are no longer as before."""
        if self.victim.seen(self.server) != self.before:
            self.broken += self.asked
            self.victim = belongings(self.server)
            self.before = self.victim.seen(self.server)
        self.asked.clear()

    def ask(self, method: str, split: Split) -> int:
        """Send a request as the attacker."""
        return self.server.call(method, split.path, user=self.user, headers=split.headers, data=split.body).status_code


@pytest.mark.timeout(600)  # 3,000 requests where all routes are asked
def test_no_writing_route_lets_a_user_without_a_grant_touch_anothers_things(
    replicas: Replicas, writing: Writing
) -> None:
    routes = share.drawn(writing, SHARE, "writing routes")

    def lay(number: int) -> list[str]:
        siege = Siege(replicas[number], f"mallory{number}")
        for count, (method, path, fields) in enumerate(routes[number :: len(replicas)], start=1):
            siege.attack(method, path, UNTABLED if fields is None else fields)
            if count % LOOK_EVERY == 0:
                siege.look()
        siege.look()
        return siege.broken

    with ThreadPoolExecutor(len(replicas)) as pool:
        assert list(pool.map(lay, range(len(replicas)))) == [[], []]


CORE = ("runs/set-tag", "runs/log-parameter", "registered-models/set-tag", "model-versions/set-tag")


@pytest.mark.parametrize("path", CORE)
def test_the_same_requests_work_on_the_users_own_things(replicas: Replicas, path: str) -> None:
    siege = Siege(replicas[0])
    body = {**siege.own.ids, "key": f"k{path}", "value": "v"}
    answer = replicas[0].call("POST", f"/api/2.0/mlflow/{path}", user=siege.user, json=body)
    assert answer.status_code == 200, answer.text


def test_a_json_file_that_somebody_uploads_arrives_whole(replicas: Replicas) -> None:
    things: Belongings = belongings(replicas[0])
    assert kept(replicas[0], things) == b'{"kept": 1}'


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", None])
def test_a_delete_whose_body_isnt_json_is_refused_by_name(replicas: Replicas, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = replicas[0].call(
        "DELETE", "/api/2.0/mlflow/registered-models/delete?name=own", headers=headers, data=b'{"name": "card-anomaly"}'
    )
    assert (answer.status_code, "application/json" in answer.text) == (415, True)


def test_a_run_that_is_named_twice_is_refused_by_name(replicas: Replicas) -> None:
    body = {"run_uuid": "own", "runId": "any", "key": "k", "value": "v"}
    answer = replicas[0].call("POST", "/api/2.0/mlflow/runs/set-tag", json=body)
    assert (answer.status_code, answer.text) == (
        400,
        "The request names 'runId' twice, with two values. Name it once.",
    )
