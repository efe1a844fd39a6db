"""The tracking server's door: a request that can be read in two ways is refused before MLflow reads it.

MLflow 3.17.2 checks rights on one reading of a request and acts on another (SECURITY.md, "Faults of MLflow's own"): a
`DELETE` is checked by its query and carried out by its body, and a run is checked by `run_id` or `run_uuid` and changed
by whichever spelling the handler prefers. So a user without any grant could delete models and change runs of others.

Controls: AC-3.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from flask import make_response, request
from werkzeug.datastructures import Authorization

if TYPE_CHECKING:
    from flask import Request, Response

AUTHENTICATE = f"{__name__}:authenticate"
"""How MLflow's settings name this door."""

_SAME = {"runuuid": "runid", "requestid": "traceid"}  # two names of one thing
_FILES = ("/mlflow-artifacts/artifacts/<path:artifact_path>", "/mlflow/upload-artifact")


def authenticate() -> "Authorization | Response":
    """Return who asks; a response instead when nobody known does, or when the request can be read in two ways."""
    if not names_a_user(request):
        return make_response(
            "Sign in with a user name and a password.", 401, {"WWW-Authenticate": 'Basic realm="mlflow"'}
        )
    from mlflow.server.auth import authenticate_request_basic_auth  # noqa: PLC0415 - it opens the users' database

    known = authenticate_request_basic_auth()
    if not isinstance(known, Authorization):
        return known
    problem = ambiguity(request)
    return make_response(*problem) if problem else known


def names_a_user(asked: "Request") -> bool:
    """Say whether a request names a user with a password; MLflow fails on another scheme, as though the server did."""
    given = asked.authorization
    return given is not None and given.type == "basic" and bool(given.username and given.password)


def ambiguity(asked: "Request") -> tuple[str, int] | None:
    """Return why a request can be read in two ways, with the status that says so; None when it can't."""
    if asked.method in {"PUT", "POST"} and _is_file(asked):
        return _two_values(asked, {})  # a file may be of any type and size: its bytes name nothing
    if not asked.is_json:
        if asked.method not in {"PUT", "POST"} and asked.get_data(cache=True):  # the others MLflow checks itself
            return f"A {asked.method} with a body needs Content-Type: application/json.", 415
        return _two_values(asked, {})
    body = asked.get_json(silent=True) if asked.get_data(cache=True) else {}
    if not isinstance(body, dict):
        return "The body is no JSON object.", 400
    if asked.method == "GET" and body:
        return "A GET names what it wants in its address, not in a body.", 400
    return _two_values(asked, body)


def _is_file(asked: "Request") -> bool:
    return asked.url_rule is not None and asked.url_rule.rule.endswith(_FILES)


def _two_values(asked: "Request", body: Mapping[str, Any]) -> tuple[str, int] | None:
    """Return the name that has two values in a request, in whatever spelling and place."""
    values: dict[str, object] = {}
    for name, value in _named(asked, body):
        folded = name.lower().replace("_", "")
        folded = _SAME.get(folded, folded)
        if values.setdefault(folded, value) != value:
            return f"The request names {name!r:.80} twice, with two values. Name it once.", 400
    return None


def _named(asked: "Request", body: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name, found in asked.args.lists():
        yield name, found
    for name, value in (*(asked.view_args or {}).items(), *body.items()):
        yield name, [str(each) for each in value] if isinstance(value, list) else [str(value)]
