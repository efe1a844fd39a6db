"""What MLflow's image does in a container: `serve` answers those who sign in."""

import base64
import os
import secrets
from pathlib import Path

from images.build import Built
from images.commands import expect
from images.container import no_shell, serving
from images.engine import Engine

UID = 10001
"""The image's own user, which the task definition names too."""
URL = "https://127.0.0.1:5000"
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"


def tracking_server(engine: Engine, mlflow: Built, folder: Path) -> dict[str, object]:
    """Serve from new SQLite databases with one worker; PostgreSQL, which needs a network, is `tests/contract`'s.

    Raises:
        ImageError: it doesn't start, has a privilege, or lets in somebody without a password.
    """
    data = folder / "mlflow"
    data.mkdir()
    os.chown(data, UID, UID)
    password = secrets.token_urlsafe()
    options = (*_environment(password), "--volume", f"{data}:/data", *no_shell(folder))
    with serving(engine, mlflow.reference, options, url=URL, ping="/health") as server:
        server.expect_no_privileges(UID)
        login = base64.b64encode(f"administrator:{password}".encode()).decode()
        known, _ = server.ask(SEARCH, headers={"Authorization": f"Basic {login}"})
        unknown, _ = server.ask(SEARCH)
        expect((known, unknown) == (200, 401), f"With a password {known}, without {unknown}; expected 200 and 401.")
        _, seconds = server.stop()
    return {"start_seconds": server.start_seconds, "stop_seconds": seconds, "without_password": unknown}


def _environment(password: str) -> list[str]:
    values = {
        "MLFLOW_BACKEND_STORE_URI": "sqlite:////data/tracking.db",
        "MLFLOW_AUTH_DATABASE_URI": "sqlite:////data/users.db",
        "MLFLOW_ARTIFACTS_DESTINATION": "/data/artifacts",
        "MLFLOW_ALLOWED_HOSTS": "127.0.0.1:5000",
        "MLFLOW_CORS_ALLOWED_ORIGINS": URL,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.token_urlsafe(),
        "MLFLOW_WORKERS": "1",
        "MLFLOW_AUTH_ADMIN_USERNAME": "administrator",
        "MLFLOW_AUTH_ADMIN_PASSWORD": password,
    }
    return [part for name, value in values.items() for part in ("--env", f"{name}={value}")]
