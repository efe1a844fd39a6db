"""`python routes.py`: the route map of the tracking server of this environment, as JSON.

It's read from the application that `mlflow server --app-name basic-auth` serves, within its environment. `asked` is
[[method, path], ...] of all routes; `writing` is [[method, rule, fields or null], ...] of those that may change
something, with the fields of the message that MLflow's own table names for them.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from mlflow.protos.mlflow_artifacts_pb2 import MlflowArtifactsService
from mlflow.protos.model_registry_pb2 import ModelRegistryService
from mlflow.protos.service_pb2 import MlflowService
from mlflow.protos.webhooks_pb2 import WebhookService
from mlflow.server.auth import create_app
from mlflow.server.handlers import get_service_endpoints

_PARAMETER = re.compile(r"<(?:[^<>:]*:)?[^<>]*>|\{[^{}]*\}")
_SERVICES = (MlflowService, ModelRegistryService, MlflowArtifactsService, WebhookService)
_DEEP = 2
_NUMBERS = {1, 2, 3, 4, 5, 13, 17}  # protobuf's descriptor numbers of floats and integers
_BOOL, _MESSAGE, _ENUM = 8, 11, 14


def main() -> None:
    """Print the maps; in `asked`, parameters are filled with `1`."""
    served = create_app()
    flask = next(route.app.app for route in served.routes if hasattr(getattr(route, "app", None), "app"))
    found = {(method, route.path) for route in served.routes for method in getattr(route, "methods", None) or ()}
    found |= {(method, rule.rule) for rule in flask.url_map.iter_rules() for method in rule.methods}
    found = {(method, path) for method, path in found if method not in {"HEAD", "OPTIONS"}}
    asked = {(method, _PARAMETER.sub("1", path)) for method, path in found}
    known = dict(_messages())
    writing = [(method, path, known.get((method, path))) for method, path in sorted(found) if method != "GET"]
    print(json.dumps({"asked": sorted(asked), "writing": writing}))  # noqa: T201 - the caller reads it


def _messages() -> Iterator[tuple[tuple[str, str], dict[str, Any]]]:
    for service in _SERVICES:
        for path, message, methods in get_service_endpoints(service, lambda message: message):
            for method in methods:
                yield (method, path), _example(message.DESCRIPTOR, _DEEP)


def _example(message: Any, deep: int) -> dict[str, Any]:  # noqa: ANN401 - protobuf's descriptor
    """Return a body with a plausible value for each field."""
    return {
        field.name: [_value(field, deep)] if field.is_repeated else _value(field, deep)
        for field in message.fields
        if field.type != _MESSAGE or deep
    }


def _value(field: Any, deep: int) -> Any:  # noqa: ANN401 - the same
    if field.type == _MESSAGE:
        return _example(field.message_type, deep - 1)
    if field.type == _ENUM:
        return field.enum_type.values[-1].name
    if field.type == _BOOL:
        return True
    return 1 if field.type in _NUMBERS else "planted"


if __name__ == "__main__":
    main()
