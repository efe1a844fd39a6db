"""The engine of MLflow's database, free of the CDK: a stack makes it, the preflight asks whether RDS has it."""

ENGINE = "postgres"
MAJOR_VERSION = "18"
"""The one that tests/contract/mlflow runs. RDS takes the newest minor version, and newer ones by itself."""


def instance_type(*, production: bool) -> str:
    """Give the instance's type, without RDS's `db.` before it."""
    return "m6i.large" if production else "t4g.medium"
