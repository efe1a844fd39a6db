"""What RDS puts before a PostgreSQL, before the one of these tests: TLS or nothing, and tokens instead of passwords.

This is ours, not AWS's: the wheel's PostgreSQL has neither TLS nor PAM. It speaks PostgreSQL's own protocol to libpq:
refuses a connection that doesn't ask for TLS (`rds.force_ssl`), asks the server's user and the owner for a token, if
PostgreSQL says that they are members of a role with `rds_iam`, else for a password, and passes everything else through.
A token counts that a known access key signed for this address and user not more than a quarter of an hour ago.
https://www.postgresql.org/docs/16/protocol-flow.html
"""

import select
import socket
import ssl
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.certificates import Certificates, make_certificates
from tests.contract.mlflow.postgres import OWNER, Postgres

IAM_USER = "mlflow"
OWNERS_PASSWORD = "the-owners-password"
REGION = "us-gov-east-1"
_HAS_RDS_IAM = """
SELECT EXISTS (
    SELECT FROM pg_auth_members
    WHERE roleid = to_regrole('rds_iam') AND member <> to_regrole('atoll_owner')
    AND pg_has_role(to_regrole('{}'), member, 'member')
)"""
"""Membership as PostgreSQL's `+rds_iam` means it. The owner's own right to grant the role is left out: on RDS he has it
and signs in by password all the same."""
_TLS_REQUEST, _GSS_REQUEST = 80877103, 80877104
_CHUNK = 65536


@dataclass
class Door:
    """The listening side. `keys` are the access keys that count now: taking one away is a rotation."""

    database: Postgres
    certificates: Certificates
    keys: dict[str, str] = field(default_factory=dict)
    lifetime: timedelta = timedelta(minutes=15)
    tokens_taken_of: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Listen on a free port of loopback."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(self.certificates.certificate, self.certificates.key)

    def serve(self) -> None:
        """Let callers in until the listener is closed."""
        with suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                threading.Thread(target=self._admit, args=[caller], daemon=True).start()

    def close(self) -> None:
        """Stop listening; connections that stand end with their callers."""
        self._listener.close()

    def _admit(self, caller: socket.socket) -> None:
        with suppress(OSError, ssl.SSLError, struct.error), caller:
            first = _startup(caller)
            while _code(first) == _GSS_REQUEST:
                caller.sendall(b"N")
                first = _startup(caller)
            if _code(first) != _TLS_REQUEST:
                caller.sendall(_refusal("no pg_hba.conf entry for this host, no encryption"))
                return
            caller.sendall(b"S")
            with self._context.wrap_socket(caller, server_side=True) as secured:
                self._sign_in(secured)

    def _sign_in(self, caller: ssl.SSLSocket) -> None:
        hello = _startup(caller)
        fields = hello[8:].split(b"\0")
        user = dict(zip(fields[::2], fields[1::2], strict=False))[b"user"].decode()
        if user in (IAM_USER, OWNER):
            caller.sendall(struct.pack("!cii", b"R", 8, 3))  # AuthenticationCleartextPassword, as PAM asks
            method = "PAM" if self.database.query(_HAS_RDS_IAM.format(user))[0][0] else "password"
            given = _password(caller)
            if not (self.is_valid(given, user) if method == "PAM" else given == OWNERS_PASSWORD):
                caller.sendall(_refusal(f'{method} authentication failed for user "{user}"'))
                return
            if method == "PAM":
                self.tokens_taken_of.append(user)
        with socket.create_connection(("127.0.0.1", self.database.port)) as database:
            database.sendall(hello)
            _relay(caller, database)

    def is_valid(self, token: str, user: str) -> bool:
        """Whether a key that counts signed the token, for this address and user, within its lifetime."""
        address = urlsplit(f"https://{token}")
        given = {name: values[0] for name, values in parse_qs(address.query).items()}
        with suppress(KeyError, ValueError):
            key = given["X-Amz-Credential"].split("/")[0]
            signed = datetime.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            asked = (given["Action"], given["DBUser"], address.port)
            age = datetime.now(UTC) - signed
            wanted = asked == ("connect", user, self.port) and age <= self.lifetime
            return wanted and given["X-Amz-Signature"] == self._signature(key, given, address.netloc)
        return False

    def _signature(self, key: str, given: dict[str, str], host: str) -> str:
        """Sign the same request at the same moment, as botocore does."""
        signer = SigV4QueryAuth(Credentials(key, self.keys[key]), "rds-db", REGION, expires=int(given["X-Amz-Expires"]))
        named = {name: value for name, value in given.items() if name != "X-Amz-Signature"}
        request = AWSRequest("GET", f"https://{host}/", params=named, headers={"host": host})
        request.context["timestamp"] = given["X-Amz-Date"]
        return str(signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request))


@contextmanager
def door(database: Postgres, folder: Path) -> Generator[Door]:
    """Stand before the PostgreSQL; certificates are made in `folder`."""
    standing = Door(database, make_certificates(folder))
    threading.Thread(target=standing.serve, daemon=True).start()
    try:
        yield standing
    finally:
        standing.close()


def _startup(caller: socket.socket) -> bytes:
    head = _exactly(caller, 4)
    return head + _exactly(caller, struct.unpack("!i", head)[0] - 4)


def _code(message: bytes) -> int:
    return struct.unpack("!i", message[4:8])[0]


def _password(caller: socket.socket) -> str:
    _kind, length = struct.unpack("!ci", _exactly(caller, 5))
    return _exactly(caller, length - 4).rstrip(b"\0").decode()


def _exactly(caller: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = caller.recv(size - len(found))
        if not part:
            raise ConnectionResetError
        found += part
    return found


def _refusal(message: str) -> bytes:
    body = b"SFATAL\0C28000\0M" + message.encode() + b"\0\0"
    return struct.pack("!ci", b"E", len(body) + 4) + body


def _relay(caller: ssl.SSLSocket, database: socket.socket) -> None:
    """Pass everything through, in one thread: OpenSSL's connections aren't for two."""
    while True:
        ready = [caller] if caller.pending() else select.select([caller, database], [], [])[0]
        for source in ready:
            data = source.recv(_CHUNK)
            if not data:
                return
            (database if source is caller else caller).sendall(data)
