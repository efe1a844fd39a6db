"""The database's password is a token: signed by the task's own role, good for a quarter of an hour, never stored.

libpq reads its password file at each connection, so a new token is taken up without a restart, and whatever signs it
(the role's credentials) may change at any time.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
"""

import os
from pathlib import Path
from urllib.parse import urlsplit

TOKEN_SECONDS = 900
"""How long RDS takes a token for a new connection; connections that stand are not asked again."""


class DatabaseLogin:
    """libpq's password file for one PostgreSQL and one user."""

    def __init__(self, file: Path, *, database_uri: str, user: str) -> None:
        self.file = file
        self._address, self._user = urlsplit(database_uri), user

    def renew(self) -> None:
        """Write a token that counts from now; it's signed here, nothing is called but the source of credentials.

        Raises:
            ValueError: The database's address has no host or no port.
            botocore.exceptions.BotoCoreError: The task's role gives no credentials.
        """
        import boto3  # noqa: PLC0415 - the laptop's SQLite needs no AWS

        host, port = self._address.hostname, self._address.port
        if not host or not port:
            raise ValueError(f"MLFLOW_BACKEND_STORE_URI names {self._address.netloc!r}; expected <host>:<port>.")
        token = boto3.client("rds").generate_db_auth_token(DBHostname=host, Port=port, DBUsername=self._user)
        fresh = self.file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(f"{password_line(host, port, self._user, token)}\n", encoding="utf-8")
        os.replace(fresh, self.file)  # noqa: PTH105 - whole or not at all: libpq may read at any moment


def password_line(host: str, port: int, user: str, password: str) -> str:
    """Write a line of libpq's password file, for every database of one server."""
    return ":".join([_escaped(host), str(port), "*", _escaped(user), _escaped(password)])


def _escaped(text: str) -> str:
    """Write a field as libpq wants it: a backslash before colons and backslashes."""
    return text.replace("\\", r"\\").replace(":", r"\:")
