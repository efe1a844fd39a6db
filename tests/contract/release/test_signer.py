"""The signer: the fake and the adapter on moto keep the same promises."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.release import ports, signing
from lambdas.release.adapters.kms_signer import KmsSigner
from tests.fakes.release import MODEL
from tests.fakes.signer import FakeSigner

SHA = "e" * 64
DIGEST = signing.digest(MODEL, SHA)


def new_key(kms: Any) -> str:  # noqa: ANN401 - a boto3 client
    """The ARN of a new key like the Foundation stack's."""
    return kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]


@pytest.fixture(params=["fake", "adapter"])
def signers(request: pytest.FixtureRequest, aws: Callable[..., Any]) -> list[ports.Signer]:
    """Two signers with different keys."""
    if request.param == "fake":
        return [FakeSigner(), FakeSigner(secret=b"of another key")]
    kms = aws("kms")
    return [KmsSigner(kms, key_arn=new_key(kms)) for _ in range(2)]


def test_a_signature_holds_for_its_digest_and_its_key_alone(signers: list[ports.Signer]) -> None:
    mine, theirs = signers
    made = mine.sign(DIGEST)
    assert mine.verify(DIGEST, made)
    assert not theirs.verify(DIGEST, made)
    assert not mine.verify(signing.digest("other", SHA), made)
    assert not mine.verify(signing.digest(MODEL, "f" * 64), made)
    assert not mine.verify(DIGEST, made[:-1] + bytes([made[-1] ^ 1]))


def test_two_signatures_of_one_digest_both_hold(signers: list[ports.Signer]) -> None:
    mine, _ = signers
    assert mine.verify(DIGEST, mine.sign(DIGEST))
    assert mine.verify(DIGEST, mine.sign(DIGEST))


def test_what_is_no_signature_does_not_hold(aws: Callable[..., Any]) -> None:
    kms = aws("kms")
    assert not KmsSigner(kms, key_arn=new_key(kms)).verify(DIGEST, b"no DER")


def test_a_key_that_does_not_answer_is_an_error_and_no_verdict(aws: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="NotFoundException"):
        KmsSigner(aws("kms"), key_arn="arn:aws:kms:us-east-1:123456789012:key/none").verify(DIGEST, b"x")
