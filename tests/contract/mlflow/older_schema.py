"""`python older_schema.py`: bring the task's two empty databases to the schema of MLflow 2, with MLflow's own means."""

import os

import sqlalchemy
from alembic import command
from mlflow.server.auth.db.utils import INITIAL_REVISION, migrate
from mlflow.store.db.utils import _get_alembic_config
from mlflow.store.tracking.dbmodels.initial_models import Base

TRACKING_REVISION = "400f98739977"
"""Logged models came with it, in MLflow 2.21."""


def main() -> None:
    """Make both schemas in the database of `MLFLOW_BACKEND_STORE_URI`."""
    engine = sqlalchemy.create_engine(os.environ["MLFLOW_BACKEND_STORE_URI"])
    Base.metadata.create_all(engine)
    config = _get_alembic_config(engine.url.render_as_string(hide_password=False))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, TRACKING_REVISION)
    migrate(engine, INITIAL_REVISION)


if __name__ == "__main__":
    main()
