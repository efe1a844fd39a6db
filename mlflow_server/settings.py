"""What the tracking server is told by its environment, and what it never lets its environment change."""

from collections.abc import Iterable, Mapping

REQUIRED = {
    "MLFLOW_BACKEND_STORE_URI": "the tracking and registry database, a SQLAlchemy URI without a password",
    "MLFLOW_AUTH_DATABASE_URI": "the users' and permissions' database, a SQLAlchemy URI without a password",
    "MLFLOW_ARTIFACTS_DESTINATION": "where artifacts are kept, e.g. s3://<bucket>/mlflow",
    "MLFLOW_ALLOWED_HOSTS": "the host names it answers to, comma-joined, with and without port",
    "MLFLOW_CORS_ALLOWED_ORIGINS": "the origin of its own pages, e.g. https://<domain>",
    "MLFLOW_FLASK_SERVER_SECRET_KEY": "a secret, the same on all replicas",
    "MLFLOW_AUTH_ADMIN_USERNAME": "the first administrator's name",
    "MLFLOW_AUTH_ADMIN_PASSWORD": "the first administrator's password, a secret",
}
"""Variables that must be set, and what they hold."""

DATABASES = ("MLFLOW_BACKEND_STORE_URI", "MLFLOW_AUTH_DATABASE_URI")

OF_POSTGRESQL = {"PGSSLROOTCERT": "the file with the authorities of the database's certificate"}
"""What must be set besides, where the databases are PostgreSQL; libpq reads it."""

OF_OWNER = {"PGUSER": "the owner of the tables", "PGPASSWORD": "the owner's password, a secret"}
"""What `migrate` must be told besides. `serve` has a user of its own, who has no password."""

SERVER_USER = "mlflow"
"""The database user of `serve`."""

DEFAULTS = {
    "MLFLOW_HOST": "0.0.0.0",  # noqa: S104 - inside a container
    "MLFLOW_KEEPER_SECONDS": "60",
    "MLFLOW_PORT": "5000",
    "MLFLOW_WORKERS": "2",
}
"""Variables with a default."""

HARDENING = {
    "DO_NOT_TRACK": "true",
    "MLFLOW_ALLOW_PICKLE_DESERIALIZATION": "false",
    "MLFLOW_BASIC_AUTH_FAIL_CLOSED": "true",
    "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": "^(mlflow-artifacts|models):/",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_AI_GATEWAY": "false",
    "MLFLOW_ENABLE_REMOTE_ASSISTANT": "false",
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "false",
    "MLFLOW_SERVER_ENABLE_GRAPHQL_AUTH": "true",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SERVER_X_FRAME_OPTIONS": "DENY",
    "MLFLOW_SERVE_ARTIFACTS": "true",
}
"""Always so, whatever the environment says: no phoning home, no code from model files, no versions from elsewhere,
nothing open by default."""


class MissingSettingError(ValueError):
    """The environment lacks something that the server can't do without."""


def server_environment(given: Mapping[str, str]) -> dict[str, str]:
    """`given` with defaults, MLflow's own names and the hardening; what `mlflow server` is started with.

    Raises:
        MissingSettingError: Variables are missing or empty; names all of them.
    """
    require(REQUIRED, given)
    has_postgresql(given)
    own_names = {
        "MLFLOW_SERVER_ALLOWED_HOSTS": given["MLFLOW_ALLOWED_HOSTS"],
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": given["MLFLOW_CORS_ALLOWED_ORIGINS"],
    }
    return {**DEFAULTS, **given, **own_names, **HARDENING}


def has_postgresql(given: Mapping[str, str]) -> bool:
    """Whether the databases are PostgreSQL; then they're reached over checked TLS or not at all.

    A file of authorities that isn't there is refused by libpq.

    Raises:
        MissingSettingError: A variable is missing, or an address doesn't demand `sslmode=verify-full`.
    """
    require(DATABASES, given)
    addresses = {name: given[name] for name in DATABASES if given[name].startswith("postgresql")}
    if addresses:
        require(OF_POSTGRESQL, given)
    if lax := [name for name, address in addresses.items() if not address.endswith("?sslmode=verify-full")]:
        raise MissingSettingError(f"{lax[0]} must end in ?sslmode=verify-full. Set it in the task definition.")
    return bool(addresses)


def require(names: Iterable[str], given: Mapping[str, str]) -> None:
    """Refuse an environment that lacks one of `names`, all of which are described above.

    Raises:
        MissingSettingError: Variables are missing or empty; names all of them.
    """
    known = REQUIRED | OF_POSTGRESQL | OF_OWNER
    missing = [f"{name} ({known[name]})" for name in names if not given.get(name)]
    if missing:
        raise MissingSettingError(f"The environment lacks {', '.join(missing)}. Set it in the task definition.")
