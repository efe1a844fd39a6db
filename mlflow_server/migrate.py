"""Brings the tracking server's databases to the schema of this MLflow version."""

from collections.abc import Mapping

from mlflow_server.settings import DATABASES, require


def migrate(given: Mapping[str, str]) -> None:
    """Migrate both databases; does nothing where they're current.

    It calls MLflow's own commands in this process, so that no database password stands on a command line.

    Raises:
        MissingSettingError: The environment doesn't name the databases.
    """
    require(DATABASES, given)
    from mlflow.db import commands as tracking  # noqa: PLC0415 - takes seconds to import; `serve` doesn't need it
    from mlflow.server.auth.db.cli import commands as users  # noqa: PLC0415 - the same

    tracking.main(["upgrade", given["MLFLOW_BACKEND_STORE_URI"]], standalone_mode=False)
    users.main(["upgrade", "--url", given["MLFLOW_AUTH_DATABASE_URI"]], standalone_mode=False)
