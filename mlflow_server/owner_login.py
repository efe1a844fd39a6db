"""How the migration signs in: by the owner's password, or by a token where the database doesn't take the password.

From PostgreSQL 16 on, whoever makes a role is its member. The owner makes the server's user, who has `rds_iam`. Who is
a member of `rds_iam`, however indirectly, is asked for a token, and his password counts no more. So the first migration
needs the password, and a later one may need a token.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.DBAccounts.html
"""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from psycopg2 import OperationalError, connect

from mlflow_server.database_login import DatabaseLogin


def sign_in(given: Mapping[str, str]) -> None:
    """Leave in this process's environment the login by which libpq reaches the database as the owner.

    Call it before each step that connects: a token is good for a quarter of an hour.

    Raises:
        psycopg2.OperationalError: The database can't be reached, or its certificate is another's.
        botocore.exceptions.BotoCoreError: The password was refused, and the task's role gives no credentials.
    """
    address = given["MLFLOW_BACKEND_STORE_URI"]
    try:
        connect(address.replace("+psycopg2", "", 1), user=given["PGUSER"], password=given["PGPASSWORD"]).close()
    except OperationalError as error:
        if "authentication failed" not in str(error):
            raise
        login = DatabaseLogin(Path(tempfile.mkdtemp()) / "pgpass", database_uri=address, user=given["PGUSER"])
        login.renew()
        os.environ.pop("PGPASSWORD", None)  # libpq would prefer it to the file
        os.environ["PGPASSFILE"] = str(login.file)
