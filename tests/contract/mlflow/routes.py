"""`python routes.py`: the route map of the tracking server of this environment, as JSON: [[method, path], ...].

It's read from the application that `mlflow server --app-name basic-auth` serves, within its environment.
"""

import json
import re

from mlflow.server.auth import create_app

_PARAMETER = re.compile(r"<(?:[^<>:]*:)?[^<>]*>|\{[^{}]*\}")


def main() -> None:
    """Print the map; parameters are filled with `1`."""
    served = create_app()
    flask = next(route.app.app for route in served.routes if hasattr(getattr(route, "app", None), "app"))
    found = {(method, route.path) for route in served.routes for method in getattr(route, "methods", None) or ()}
    found |= {(method, rule.rule) for rule in flask.url_map.iter_rules() for method in rule.methods}
    asked = {(method, _PARAMETER.sub("1", path)) for method, path in found if method not in {"HEAD", "OPTIONS"}}
    print(json.dumps(sorted(asked)))  # noqa: T201 - the caller reads it


if __name__ == "__main__":
    main()
