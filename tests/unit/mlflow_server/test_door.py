"""A request that can be read in two ways is refused; whatever MLflow's own client sends is let through."""

import json
from typing import Any

import pytest
from flask import Flask, Response, request
from hypothesis import given
from hypothesis import strategies as st

from mlflow_server.door import ambiguity, authenticate, names_a_user

JSON = "application/json"
app = Flask(__name__)
app.add_url_rule("/api/2.0/mlflow-artifacts/artifacts/<path:artifact_path>", "file", methods=["PUT", "DELETE"])
app.add_url_rule("/x/<trace_id>", "x", methods=["GET", "POST", "PATCH", "DELETE", "PUT"])


def asked(method: str, path: str = "/x/t", *, body: object = None, kind: str | None = JSON) -> tuple[str, int] | None:
    data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    with app.test_request_context(path, method=method, data=data, content_type=kind):
        return ambiguity(request)


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded", "application/octet-stream"])
@pytest.mark.parametrize("method", ["DELETE", "PATCH", "GET"])
def test_a_body_whose_type_isnt_json_is_refused_where_mlflow_reads_it_all_the_same(
    method: str, kind: str | None
) -> None:
    problem = asked(method, body={"name": "card-anomaly"}, kind=kind)
    assert problem == (f"A {method} with a body needs Content-Type: application/json.", 415)
    assert asked(method, kind=kind) is None


@pytest.mark.parametrize(
    "body",
    [
        {"run_uuid": "own", "runId": "other"},
        {"run_id": "own", "run_uuid": "other"},
        {"run_id": None, "runUuid": "other"},
        {"request_id": "other"},  # the path says t
        {"traceId": "other"},
        {"experiment_ids": ["1"], "experimentIds": ["1", "2"]},
    ],
)
def test_one_thing_named_twice_with_two_values_is_refused(body: dict[str, Any]) -> None:
    problem = asked("POST", body=body)
    assert problem
    assert (problem[0].endswith("Name it once."), problem[1]) == (True, 400)


@pytest.mark.parametrize("body", [["run_id"], "run_id", 1, None, json.dumps({"run_id": "other"})])
def test_a_body_that_is_no_object_is_refused(body: object) -> None:
    assert asked("POST", body=json.dumps(body).encode()) == ("The body is no JSON object.", 400)


def test_a_get_is_asked_by_its_address_alone() -> None:
    assert asked("GET", body={"run_id": "other"})
    assert asked("GET", "/x/t?run_id=own&run_id=own2") is None
    assert asked("GET", "/x/t?run_id=own&run_uuid=other")


def test_a_query_beside_a_body_may_not_differ_from_it() -> None:
    assert asked("DELETE", "/x/t?name=own", body={"name": "other"})
    assert asked("DELETE", "/x/t?name=own", body={"name": "own"}) is None


def test_a_file_of_any_type_is_nobodys_parameters() -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/metrics.json"
    assert asked("PUT", path, body=b"no json") is None
    assert asked("PUT", path, body=[1], kind="text/plain") is None
    assert asked("PUT", f"{path}?run_id=a&run_uuid=b", body=b"x")
    assert asked("DELETE", path, body=b"x", kind="text/plain")


@given(st.dictionaries(st.sampled_from(["run_id", "name", "key", "value", "tags"]), st.text() | st.lists(st.text())))
def test_what_names_each_thing_once_passes(body: dict[str, Any]) -> None:
    both = body | ({"run_uuid": body["run_id"]} if "run_id" in body else {})  # MLflow's client sends both
    assert asked("POST", body=both) is None


@given(st.binary(), st.sampled_from([JSON, "application/vnd+json", "text/plain"]), st.sampled_from(["POST", "DELETE"]))
def test_no_body_breaks_the_door(body: bytes, kind: str, method: str) -> None:
    problem = asked(method, body=body, kind=kind)
    assert problem is None or problem[1] in {400, 415}


@pytest.mark.parametrize(
    "given", ["Bearer x", "bearer", "Digest username=x", "Basic", "Basic !", "Negotiate x", "", None]
)
def test_whoever_names_no_user_with_a_password_is_asked_to_sign_in(given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    with app.test_request_context("/x/t", headers=headers):
        answer = authenticate()
    assert isinstance(answer, Response)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="mlflow"')


def test_a_user_with_a_password_is_handed_on() -> None:
    with app.test_request_context("/x/t", headers={"Authorization": "Basic YWxpY2U6c2VjcmV0"}):
        assert names_a_user(request)
