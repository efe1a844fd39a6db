"""Whom and what the tracking server refuses, route by route, and what it accepts although it shouldn't."""

from collections.abc import Callable

import pytest
import requests

from tests.contract.mlflow.conftest import Replicas
from tests.contract.mlflow.servers import ADMINISTRATOR

Routes = list[tuple[str, str]]
Post = Callable[..., requests.Response]

PUBLIC = {
    "/health": 200,  # the load balancer's check
    "/api/3.0/mlflow/server-info": 200,  # what the server can do: public by MLflow's design, without tenants' data
    "/ajax-api/3.0/mlflow/server-info": 200,
    "/static-files/1": 404,  # the scripts and styles of MLflow's pages; there is no file `1`
}
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=5"


@pytest.fixture(scope="session")
def post(replicas: Replicas) -> Post:
    def run(path: str, **body: object) -> requests.Response:
        return replicas[0].call("POST", f"/api/2.0/mlflow/{path}", json=body)

    return run


@pytest.mark.parametrize("user", [None, ("nobody", "knows-this-name")], ids=["anonymous", "unknown"])
def test_every_route_but_the_public_ones_refuses_strangers(
    replicas: Replicas, routes: Routes, user: tuple[str, str] | None
) -> None:
    answers = {(method, path): replicas[0].call(method, path, user=user).status_code for method, path in routes}
    open_to_all = {path: code for (_, path), code in answers.items() if code not in {401, 403}}
    assert open_to_all == PUBLIC
    assert len(routes) > 400  # 463 in MLflow 3.17.2: an empty map would prove nothing


def test_the_right_user_is_let_in_everywhere(replicas: Replicas, routes: Routes) -> None:
    reads = [path for method, path in routes if method == "GET"]
    codes = {path: replicas[0].call("GET", path).status_code for path in reads}
    assert not [path for path, code in codes.items() if code in {401, 403}]


@pytest.mark.parametrize("path", [SEARCH, "/api/2.0/mlflow-artifacts/artifacts?path=1", "/metrics", "/"])
def test_a_wrong_password_is_refused(replicas: Replicas, path: str) -> None:
    assert replicas[1].call("GET", path, user=(ADMINISTRATOR[0], "not-his-password")).status_code == 401


@pytest.mark.parametrize("given", ["Bearer x", "Digest username=x", "Basic !", "Negotiate x"])
@pytest.mark.parametrize("path", [SEARCH, "/api/2.0/mlflow/users/current", "/"])
def test_another_scheme_than_a_password_is_asked_to_sign_in(replicas: Replicas, path: str, given: str) -> None:
    answer = replicas[0].call("GET", path, user=None, headers={"Authorization": given})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="mlflow"')


def test_the_request_counts_are_for_the_administrator_alone(replicas: Replicas, post: Post) -> None:
    somebody = ("somebody", "a-password-of-somebody")
    assert post("users/create", username=somebody[0], password=somebody[1]).status_code == 200
    counts = replicas[0].call("GET", "/metrics")
    assert counts.status_code == 200
    assert "# TYPE mlflow_http_request_total counter" in counts.text
    assert replicas[0].call("GET", "/metrics", user=somebody).status_code == 403


def test_a_foreign_host_name_is_refused_before_the_password_is_looked_at(replicas: Replicas) -> None:
    for host in ("evil.example", "127.0.0.1", "10.50.0.10:5000"):
        assert replicas[0].call("GET", SEARCH, headers={"Host": host}).status_code == 403
        assert replicas[0].call("GET", "/health", user=None, headers={"Host": host}).status_code == 200


def test_a_foreign_pages_request_is_refused_and_our_own_is_not(replicas: Replicas) -> None:
    def ask(origin: str) -> int:
        path = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default"
        return replicas[0].call("POST", path, headers={"Origin": origin}).status_code

    assert ask("https://evil.example") == 403
    assert ask(replicas[0].environment["MLFLOW_CORS_ALLOWED_ORIGINS"]) != 403


@pytest.mark.parametrize(
    "source",
    [
        "s3://bucket-of-somebody-else/model",
        "file:///etc",
        "http://169.254.169.254/latest",
        "mlflow-artifacts:/0/../../etc",
        "mlflow-artifacts:/0/a-run-of-nobody/artifacts",
    ],
)
def test_a_version_comes_only_from_artifacts_of_this_server(post: Post, source: str) -> None:
    post("registered-models/create", name="sources")
    answer = post("model-versions/create", name="sources", source=source)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("location", ["file:///etc", "s3://bucket-of-somebody-else/x"])
def test_an_experiments_foreign_location_is_accepted_so_that_the_task_must_contain_it(
    post: Post, location: str
) -> None:
    """MLflow's gap. What contains it: the read-only root file system, user 10001, and a role for our prefix only."""
    assert post("experiments/create", name=location, artifact_location=location).status_code == 200


@pytest.mark.parametrize("path", ["passwd", "../../passwd", "..%2f..%2fpasswd", "/etc/passwd"])
def test_a_foreign_location_gives_nothing_to_read(replicas: Replicas, post: Post, path: str) -> None:
    name = f"read {path}"
    experiment = post("experiments/create", name=name, artifact_location="file:///etc").json()["experiment_id"]
    run = post("runs/create", experiment_id=experiment).json()["run"]["info"]
    assert run["artifact_uri"] == f"file:///etc/{run['run_id']}/artifacts"  # MLflow's suffix is what holds here
    answer = replicas[0].call("GET", f"/get-artifact?run_id={run['run_id']}&path={path}")
    assert answer.status_code >= 400
    assert "root:" not in answer.text


def test_an_experiments_location_on_another_host_is_refused(post: Post) -> None:
    answer = post("experiments/create", name="host", artifact_location="http://169.254.169.254/latest")
    assert answer.status_code == 400


@pytest.mark.parametrize("path", ["/artifacts/..%2f..%2fetc/passwd", "/artifacts?path=../../etc"])
def test_artifacts_above_the_destination_cant_be_read(replicas: Replicas, path: str) -> None:
    assert replicas[0].call("GET", f"/api/2.0/mlflow-artifacts{path}").status_code == 400


@pytest.mark.parametrize(
    "url", ["https://10.0.0.1/x", "https://127.0.0.1/", "https://169.254.169.254/", "http://a.gov/"]
)
def test_a_webhook_to_a_private_or_plain_address_is_refused(post: Post, url: str) -> None:
    events = [{"entity": "MODEL_VERSION", "action": "CREATED"}]
    assert post("webhooks", name="out", url=url, events=events).status_code == 400
