"""The database user of the running server: reads and writes rows, signs in by IAM, and can change no table."""

from psycopg2 import connect, sql

_STATEMENTS = (
    "GRANT rds_iam TO {user}",
    "GRANT USAGE ON SCHEMA public TO {user}",
    "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {user}",
    "REVOKE INSERT, UPDATE, DELETE ON alembic_version, alembic_version_auth FROM {user}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {user}",
)
"""`rds_iam` is RDS's own role: whoever has it signs in with a token and with nothing else."""


def let_in(user: str, database_uri: str) -> None:
    """Make the user if it isn't there, and grant it the rows of the tables that stand; run by the tables' owner."""
    name = sql.Identifier(user)
    with connect(database_uri.replace("+psycopg2", "", 1)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [user])
        if not cursor.fetchone():
            cursor.execute(sql.SQL("CREATE ROLE {user} LOGIN").format(user=name))
        for statement in _STATEMENTS:
            cursor.execute(sql.SQL(statement).format(user=name))
    connection.close()
