"""The signing key in memory."""

import hmac
from dataclasses import dataclass


@dataclass
class FakeSigner:
    """Its signatures differ each time, as ECDSA's do, and hold only under its own secret."""

    secret: bytes = b"of the key"
    made: int = 0

    def sign(self, digest: bytes) -> bytes:
        self.made += 1
        salt = self.made.to_bytes(4)
        return salt + hmac.digest(self.secret, salt + digest, "sha256")

    def verify(self, digest: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(signature[4:], hmac.digest(self.secret, signature[:4] + digest, "sha256"))
