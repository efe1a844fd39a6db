"""The platform's signing key in KMS: it never leaves it."""

from typing import Any

from botocore.exceptions import ClientError

from lambdas.release.signing import ALGORITHM


class KmsSigner:
    """`ports.Signer` over a boto3 `kms` client and an asymmetric key (ECC_NIST_P256, SIGN_VERIFY)."""

    def __init__(self, kms: Any, *, key_arn: str) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._kms = kms
        self._key = key_arn

    def sign(self, digest: bytes) -> bytes:
        """Return an ECDSA signature (DER) of a SHA-256 digest."""
        answer = self._kms.sign(KeyId=self._key, Message=digest, MessageType="DIGEST", SigningAlgorithm=ALGORITHM)
        return answer["Signature"]

    def verify(self, digest: bytes, signature: bytes) -> bool:
        """Say whether the key made this signature of the digest."""
        try:
            answer = self._kms.verify(
                KeyId=self._key,
                Message=digest,
                MessageType="DIGEST",
                Signature=signature,
                SigningAlgorithm=ALGORITHM,
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in {"KMSInvalidSignatureException", "ValidationException"}:
                return False
            raise
        return answer["SignatureValid"]
