"""What the tracking server is told by its environment, and what it never lets its environment change."""

from collections.abc import Mapping
from urllib.parse import quote

REQUIRED = {
    "MLFLOW_ARTIFACTS_DESTINATION": "where artifacts are kept, e.g. s3://<bucket>/mlflow",
    "MLFLOW_SERVER_ALLOWED_HOSTS": "the host names it answers to, comma-joined, with and without port",
    "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "the origin of its own pages, e.g. https://<domain>",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret, the same on all replicas",
    "MLFLOW_AUTH_ADMIN_USERNAME": "the first administrator's name",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "the first administrator's password, a secret",
}
"""Variables that must be set, all MLflow's own, and what they hold."""

DATABASE = {
    "MLFLOW_DATABASE_HOST": "PostgreSQL's host name",
    "MLFLOW_DATABASE_PORT": "its port",
    "MLFLOW_DATABASE_NAME": "the database",
    "MLFLOW_DATABASE_USERNAME": "the user, from the database's secret",
    "MLFLOW_DATABASE_PASSWORD": "the password, from the database's secret",
    "MLFLOW_DATABASE_CA": "file with the authority that signed the server's certificate",
}
"""The database in parts, as ECS takes them from its secret; or both of `DATABASE_URIS` instead."""

DATABASE_URIS = {
    "MLFLOW_BACKEND_STORE_URI": "the tracking and registry database as a SQLAlchemy URI",
    "MLFLOW_AUTH_DATABASE_URI": "the users' and permissions' database as a SQLAlchemy URI",
}

DEFAULTS = {"MLFLOW_HOST": "0.0.0.0", "MLFLOW_PORT": "5000", "MLFLOW_WORKERS": "2"}  # noqa: S104 - inside a container
"""Variables with a default."""

HARDENING = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_BASIC_AUTH_FAIL_CLOSED": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_AI_GATEWAY": "false",
    "MLFLOW_ENABLE_REMOTE_ASSISTANT": "false",
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "false",
    "MLFLOW_SERVER_ENABLE_GRAPHQL_AUTH": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SERVER_X_FRAME_OPTIONS": "DENY",
    "MLFLOW_SERVE_ARTIFACTS": "true",
}
"""Always so, whatever the environment says: no phoning home, no code from model files, nothing open by default."""


class MissingSettingError(ValueError):
    """The environment lacks something that the server can't do without."""


def server_environment(given: Mapping[str, str]) -> dict[str, str]:
    """`given` with defaults, the databases' URIs and the hardening; what `mlflow server` is started with.

    Raises:
        MissingSettingError: Variables are missing or empty; names all of them.
    """
    databases = database_uris(given)
    _require(REQUIRED, given)
    return {**DEFAULTS, **given, **databases, **HARDENING}


def database_uris(given: Mapping[str, str]) -> dict[str, str]:
    """The two database URIs, as given or made from the parts; with parts, the connection is verified TLS.

    Raises:
        MissingSettingError: Neither the URIs nor all parts are there.
    """
    if any(given.get(name) for name in DATABASE_URIS):
        _require(DATABASE_URIS, given)
        return {name: given[name] for name in DATABASE_URIS}
    _require(DATABASE, given)
    part = {name.removeprefix("MLFLOW_DATABASE_").lower(): quote(given[name], safe="") for name in DATABASE}
    where = f"{part['username']}:{part['password']}@{given['MLFLOW_DATABASE_HOST']}:{part['port']}/{part['name']}"
    uri = f"postgresql+psycopg2://{where}?sslmode=verify-full&sslrootcert={part['ca']}"
    return dict.fromkeys(DATABASE_URIS, uri)


def _require(names: Mapping[str, str], given: Mapping[str, str]) -> None:
    missing = [f"{name} ({meaning})" for name, meaning in names.items() if not given.get(name)]
    if missing:
        raise MissingSettingError(f"The environment lacks {', '.join(missing)}. Set it in the task definition.")
