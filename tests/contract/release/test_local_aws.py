"""The S3 and KMS adapters on the local AWS: what a second writer leaves behind, and who can check a signature."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils

from lambdas.release import provenance, signing
from lambdas.release.adapters.kms_signer import KmsSigner
from lambdas.release.adapters.s3_artifacts import S3Artifacts
from lambdas.release.adapters.sagemaker_jobs import SageMakerJobs
from lambdas.release.records import TrainingJob
from tests.contract.sagemaker.cloud import stand_in_cloud
from tests.contract.sagemaker.scene import Scene

DIGEST = signing.digest("card-anomaly", "e" * 64)
MINE = b"an attacker's archive"


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The local SageMaker, with a versioned bucket as the Foundation stack's is."""
    with stand_in_cloud(tmp_path_factory.mktemp("local-aws")) as cloud:
        made = Scene(cloud)
        made.s3.put_bucket_versioning(Bucket="data", VersioningConfiguration={"Status": "Enabled"})
        yield made


@pytest.fixture
def job(scene: Scene) -> TrainingJob:
    """A training job that SageMaker has completed."""
    return SageMakerJobs(scene.sagemaker).describe(scene.train()["TrainingJobName"])


def verdict(scene: Scene, job: TrainingJob) -> str | None:
    """What the release path says of the job's archive, read with the real adapter."""
    return provenance.versions_problem(job, S3Artifacts(scene.s3, release_bucket="r").versions(job.artifact_uri))


def overwrite(scene: Scene, job: TrainingJob, client: Any = None) -> None:  # noqa: ANN401 - a boto3 client
    bucket, _, key = job.artifact_uri.removeprefix("s3://").partition("/")
    (client or scene.s3).put_object(Bucket=bucket, Key=key, Body=MINE)


def test_sagemaker_leaves_one_version_and_it_is_what_is_fetched(scene: Scene, job: TrainingJob, tmp_path: Path) -> None:
    assert verdict(scene, job) is None
    store = S3Artifacts(scene.s3, release_bucket="r")
    (version,) = store.versions(job.artifact_uri)
    overwrite(scene, job)
    store.fetch(job.artifact_uri, version.id, tmp_path / "a")
    assert (tmp_path / "a").read_bytes()[:2] == b"\x1f\x8b"


def test_whoever_may_write_where_jobs_write_overwrites_an_archive_but_not_unseen(
    scene: Scene, job: TrainingJob
) -> None:
    writer = scene.person({"Action": "s3:PutObject", "Resource": "*/jobs/*"})
    overwrite(scene, job, client=writer.client("s3"))
    assert "has 2 versions" in (verdict(scene, job) or "")


def test_a_key_that_was_written_before_the_job_ran_is_seen(scene: Scene) -> None:
    given = scene.training()
    key = f"jobs/{given['TrainingJobName']}/output/model.tar.gz"
    scene.s3.put_object(Bucket="data", Key=key, Body=MINE)
    done = scene.train(TrainingJobName=given["TrainingJobName"])
    found = SageMakerJobs(scene.sagemaker).describe(done["TrainingJobName"])
    assert "has 2 versions" in (verdict(scene, found) or "")


def test_a_deletion_and_a_new_object_are_seen(scene: Scene, job: TrainingJob) -> None:
    bucket, _, key = job.artifact_uri.removeprefix("s3://").partition("/")
    scene.s3.delete_object(Bucket=bucket, Key=key)
    assert "deleted" in (verdict(scene, job) or "")
    overwrite(scene, job)
    assert "has 3 versions" in (verdict(scene, job) or "")


def test_an_upload_in_parts_is_a_version_like_any_other(scene: Scene, job: TrainingJob) -> None:
    bucket, _, key = job.artifact_uri.removeprefix("s3://").partition("/")
    place = {"Bucket": bucket, "Key": key}
    upload = scene.s3.create_multipart_upload(**place)["UploadId"]
    part = scene.s3.upload_part(**place, UploadId=upload, PartNumber=1, Body=MINE)
    assert verdict(scene, job) is None  # nothing is there until the upload is completed
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    scene.s3.complete_multipart_upload(**place, UploadId=upload, MultipartUpload=parts)
    assert "has 2 versions" in (verdict(scene, job) or "")


def test_a_lone_archive_of_another_time_is_seen(scene: Scene, job: TrainingJob) -> None:
    (version,) = S3Artifacts(scene.s3, release_bucket="r").versions(job.artifact_uri)
    gap = provenance.CLOCK_TOLERANCE + timedelta(seconds=5)
    for started, ended in (
        (version.written + gap, version.written + 2 * gap),
        (job.started - 2 * gap, job.started - gap),
    ):
        moved = replace(job, started=started, ended=ended)
        assert "and the job ran from" in (provenance.versions_problem(moved, [version]) or "")


def test_without_versioning_nothing_is_taken(scene: Scene) -> None:
    scene.s3.create_bucket(Bucket="flat")
    done = scene.train(OutputDataConfig={"S3OutputPath": "s3://flat/jobs"})
    found = SageMakerJobs(scene.sagemaker).describe(done["TrainingJobName"])
    assert "versioning is off" in (verdict(scene, found) or "")


def test_anyone_verifies_with_the_public_key_and_without_kms(scene: Scene) -> None:
    kms = scene.cloud.client("kms")
    arn = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
    signer = KmsSigner(kms, key_arn=arn)
    made = signer.sign(DIGEST)
    assert signer.verify(DIGEST, made)
    assert not signer.verify(signing.digest("other", "e" * 64), made)
    public = serialization.load_der_public_key(kms.get_public_key(KeyId=arn)["PublicKey"])
    assert isinstance(public, ec.EllipticCurvePublicKey)
    algorithm = ec.ECDSA(utils.Prehashed(hashes.SHA256()))
    public.verify(made, DIGEST, algorithm)
    with pytest.raises(InvalidSignature):
        public.verify(made, signing.digest("other", "e" * 64), algorithm)
