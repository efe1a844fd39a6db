"""Brings the tracking server's databases to the schema of this MLflow version, as the owner of the tables."""

from collections.abc import Callable, Mapping

from mlflow_server.database_user import let_in
from mlflow_server.owner_login import sign_in
from mlflow_server.settings import OF_OWNER, SERVER_USER, has_postgresql, require


def migrate(given: Mapping[str, str]) -> int:
    """Migrate both databases; does nothing where they're current. On PostgreSQL the server's own user is let in then.

    Gives 0. It calls MLflow's own commands in this process, so that no database password stands on a command line.

    Raises:
        MissingSettingError: The environment doesn't name the databases, or PostgreSQL's owner.
    """
    given = dict(given)  # `sign_in` changes the process's own environment
    postgresql = has_postgresql(given)
    if postgresql:
        require(OF_OWNER, given)
    from mlflow.db import commands as tracking  # noqa: PLC0415 - takes seconds to import; `serve` doesn't need it
    from mlflow.server.auth.db.cli import commands as users  # noqa: PLC0415 - the same

    steps: list[Callable[[], object]] = [
        lambda: tracking.main(["upgrade", given["MLFLOW_BACKEND_STORE_URI"]], standalone_mode=False),
        lambda: users.main(["upgrade", "--url", given["MLFLOW_AUTH_DATABASE_URI"]], standalone_mode=False),
    ]
    if postgresql:
        steps.append(lambda: let_in(SERVER_USER, given["MLFLOW_BACKEND_STORE_URI"]))
    for step in steps:
        if postgresql:
            sign_in(given)
        step()
    return 0
