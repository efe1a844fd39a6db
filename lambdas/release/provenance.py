"""Whether a model comes from where it says: the job's description against its archive, its manifest and its data.

Pure: records in, a reason out. The description is SageMaker's word; everything in the archive is the container's.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta

from lambdas.release.records import ObjectVersion, TrainingJob, Version

CLOCK_TOLERANCE = timedelta(seconds=60)  # between SageMaker's clock and S3's, whose times are whole seconds
ENVIRONMENT = frozenset({"OMP_NUM_THREADS"})  # what a job may set without changing which code runs


def job_problem(job: TrainingJob, *, models: Collection[str], images: Collection[str]) -> str | None:
    """Return why a job's description alone forbids its model; None when it does not.

    `images` are the addresses, by digest, of those whose trainings count: others of the platform's own repository may
    have holes that are known. Another entry point, or a variable that the interpreter obeys, would make the image run
    something else than its own code.
    """
    if not re.fullmatch(r"[a-z0-9]{2,64}", job.submitter):
        return f"its tag atoll:uid is {job.submitter!r}, expected lower-case letters and digits of a known person"
    folded = Counter(key.casefold() for key in job.tags)
    if twice := sorted(key for key in job.tags if key.casefold().startswith("atoll:") and folded[key.casefold()] > 1):
        return f"it has the tags {', '.join(twice)}, which IAM may take for one another"
    if job.model not in models:
        return f"its tag atoll:model is {job.model!r}, expected one of {', '.join(sorted(models))}"
    if not job.network_isolated:
        return "it ran without network isolation"
    return _code_that_ran_problem(job, images)


def _code_that_ran_problem(job: TrainingJob, images: Collection[str]) -> str | None:
    if job.image not in images:
        return f"its image is {job.image!r:.300}, expected the published one or a former one of the settings' list"
    if job.entrypoint:
        return f"it ran {' '.join(job.entrypoint)!r:.200} in place of the image's own entry point"
    if job.remote_debug:
        return "it let its submitter open a shell in the container (RemoteDebugConfig)"
    if foreign := sorted(set(job.environment) - ENVIRONMENT):
        return f"its environment sets {', '.join(foreign)!r:.200}, allowed are {', '.join(sorted(ENVIRONMENT))}"
    return None


def places_problem(job: TrainingJob, data_bucket: str) -> str | None:
    """Return why a job's output or data lie where this platform keeps none; None when they lie where they should."""
    expected = f"s3://{data_bucket}/jobs/{job.name}/output/model.tar.gz"
    if job.artifact_uri != expected or job.compression != "GZIP":
        return f"its archive is {job.artifact_uri!r:.300} ({job.compression!r:.20}), expected {expected} ('GZIP')"
    known = tuple(f"s3://{data_bucket}/{prefix}/" for prefix in ("features", "experiments"))
    if not (features := job.channels.get("features", "")).startswith(known):
        return f"its channel `features` is {features!r:.300}, expected one below {' or '.join(known)}"
    return None


def versions_problem(job: TrainingJob, versions: Sequence[ObjectVersion]) -> str | None:
    """Return why the object at the job's output address may be another writer's; None when it is SageMaker's alone.

    A completed job has uploaded its archive before its end. So the archive is SageMaker's when it is the only version
    that its key ever had. A second writer, sooner or later, makes a second version, and a deletion a marker.
    """
    if len(versions) != 1 or versions[0].deletes:
        times = ", ".join(f"{'deleted' if v.deletes else 'written'} {v.written:%Y-%m-%dT%H:%M:%SZ}" for v in versions)
        return f"{job.artifact_uri or 'its archive'} has {len(versions)} versions ({times}), expected SageMaker's alone"
    found = versions[0]
    if found.id in {"", "null"}:
        return f"{job.artifact_uri} has no version id: the bucket's versioning is off, so an overwrite can't be seen"
    if not job.started - CLOCK_TOLERANCE <= found.written <= job.ended + CLOCK_TOLERANCE:
        return (
            f"{job.artifact_uri} was written {found.written.isoformat()}, and the job ran from "
            f"{job.started.isoformat()} to {job.ended.isoformat()}"
        )
    return None


def manifest_problem(job: TrainingJob, manifest: Mapping[str, object], data_manifest: bytes) -> str | None:
    """Return how the archive's manifest contradicts the job's description or its data; None when it does not.

    `data_manifest` is the manifest.json of the features that the job's channel names.
    """
    if manifest["model"] != job.model:
        return f"its manifest is for {manifest['model']!r:.100}, the job's tag for {job.model}"
    if (sha := hashlib.sha256(data_manifest).hexdigest()) != manifest["data_manifest_sha256"]:
        where = job.channels.get("features")
        return f"its manifest names the data {manifest['data_manifest_sha256']!r:.80}, the data at {where} is {sha}"
    if not re.fullmatch(r"[0-9a-f]{64}", str(manifest["code_sha256"])):
        return f"its manifest's code_sha256 is {manifest['code_sha256']!r:.80}, expected 64 hex digits"
    used = manifest["hyperparameters"]
    for name, value in sorted(job.hyperparameters.items()):
        if not isinstance(used, dict) or not _same(value, used.get(name)):
            used_value = used.get(name) if isinstance(used, dict) else None
            return f"the job was given {name}={value!r:.80}, its manifest says {used_value!r:.80}"
    return None


def features_problem(manifest: Mapping[str, object], data_manifest: bytes) -> str | None:
    """Return why the data's features may be computed by other code than the model's; None when it is the same."""
    try:
        made_by = json.loads(data_manifest)["features_sha256"]
    except (ValueError, KeyError, TypeError):
        return "the data's manifest doesn't name the code of its features (features_sha256); run the etl step again"
    if (known := manifest.get("features_sha256")) != made_by:
        return f"its features' code is {known!r:.80}, that of the data's features is {made_by!r:.80}"
    return None


def holdout_problem(metrics: Mapping[str, object], data_manifest: bytes) -> str | None:
    """Return why the metrics aren't those of the data's own held-out rows; None when they are."""
    try:
        data = json.loads(data_manifest)
        expected = data["objects"]["test.parquet"]["sha256"]
    except (ValueError, KeyError, TypeError):
        return "the data's manifest names no test.parquet with its sha256"
    if metrics.get("holdout_sha256") != expected:
        return (
            f"it was measured on {metrics.get('holdout_sha256')!r:.80}, the data's held-out rows are {expected!r:.80}"
        )
    # Whose labels they are decides by what the gate judges.
    if (labels := metrics.get("labels")) != (theirs := data.get("labels")):
        return f"its metrics say that labels are {labels!r:.80}, the data's manifest says {theirs!r:.80}"
    return None


def view_problem(features: object) -> str | None:
    """Return why no endpoint can serve a model with this features.json; None when nothing speaks against it.

    Only what is known at authorisation can be in a request.
    """
    view = features.get("view") if isinstance(features, dict) else None
    if view == "realtime":
        return None
    return (
        f"it was trained on the view {view!r:.80}, and an endpoint serves the view realtime alone. Train on what "
        "etl leaves without --view; months are scored by such a model on one machine, with make score MODEL= "
        "(docs/score.md)"
    )


def code_problem(version: Version, others: Iterable[Version]) -> str | None:
    """Return why a version's code can't be that of its image; None when nothing speaks against it.

    A digest fixes an image's code for good: two models from one image name one code.
    """
    image, code = version.tag("image_digest"), version.tag("code_sha256")
    for other in others if image else ():  # of a moved model no job tells the image
        if other.tag("image_digest") == image and other.tag("code_sha256") != code:
            return f"it names the code {code}, and version {other.number} of the same image {other.tag('code_sha256')}"
    return None


def data_problem(job: TrainingJob, data_bucket: str) -> str | None:
    """Return why a model must stay an experiment: only features that the ETL step wrote may lead to a release.

    What was moved was sealed by this rule where it was trained.
    """
    found = job.channels.get("features", "")
    if job.sealed or found.startswith(f"s3://{data_bucket}/features/"):
        return None
    return f"it was trained on {found or 'no channel `features`'}, expected data below s3://{data_bucket}/features/"


def _same(given: str, used: object) -> bool:
    """Say whether a hyperparameter, which SageMaker hands over as a string, is the value that was used."""
    try:
        return float(given) == float(str(used))
    except ValueError:
        return given == used
