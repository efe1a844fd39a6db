"""Whether a model comes from where it says: job, archive versions, manifest and data against each other."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import provenance
from lambdas.release.records import ObjectVersion, Version
from tests.fakes.artifacts import DATA_MANIFEST, DATA_SHA, FEATURES_SHA, HOLDOUT, canonical, figures, files, manifest
from tests.fakes.release import IMAGE, MODEL, NOON, job
from tests.fakes.stack import REPOSITORY

FORMER = f"{REPOSITORY}@sha256:{'b' * 64}"


def problem_of(**changes: object) -> str | None:
    return provenance.job_problem(job(**changes), models=[MODEL], images=[IMAGE, FORMER])  # ty: ignore[invalid-argument-type]


def test_a_job_that_kept_the_rules_may_be_registered() -> None:
    assert problem_of() is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"network_isolated": False}, "without network isolation"),
        ({"tags": {"atoll:model": MODEL}}, "atoll:uid is ''"),
        ({"tags": {"atoll:model": MODEL, "atoll:uid": "a-by-b"}}, "atoll:uid is 'a-by-b'"),
        ({"tags": {"atoll:uid": "ann"}}, "atoll:model is ''"),
        ({"tags": {"atoll:model": MODEL, "atoll:uid": "bob", "Atoll:Uid": "mallory"}}, "tags Atoll:Uid, atoll:uid"),
        ({"tags": {"atoll:uid": "ann", "atoll:model": "other"}}, "expected one of card-anomaly"),
        ({"image": f"{REPOSITORY}:latest"}, "its image is"),
        ({"image": IMAGE.replace("registry", "elsewhere")}, "its image is"),
        ({"image": f"{IMAGE}0"}, "its image is"),
        ({"image": f"{REPOSITORY}@sha256:{'c' * 64}"}, "expected the published one or a former one"),
        ({"entrypoint": ("python", "-c", "anything")}, "in place of the image's own entry point"),
        ({"remote_debug": True}, "open a shell in the container"),
        ({"environment": {"PYTHONPATH": "/opt/ml/input/data/features"}}, "its environment sets 'PYTHONPATH'"),
        ({"environment": {"LD_PRELOAD": "x", "OMP_NUM_THREADS": "1"}}, "its environment sets 'LD_PRELOAD'"),
    ],
)
def test_a_job_that_broke_a_rule_is_named_with_it(changes: dict[str, object], words: str) -> None:
    assert words in (problem_of(**changes) or "")


def test_a_former_image_of_the_settings_list_counts() -> None:
    assert problem_of(image=FORMER) is None


def test_a_job_may_bound_its_threads() -> None:
    assert problem_of(environment={"OMP_NUM_THREADS": "2"}) is None


@pytest.mark.parametrize("features", ["s3://data/features/run/", "s3://data/experiments/ann/"])
def test_a_job_that_wrote_and_read_where_it_should_is_opened(features: str) -> None:
    assert provenance.places_problem(job(channels={"features": features}), "data") is None


@pytest.mark.parametrize("uri", ["", "s3://other/jobs/j/output/model.tar.gz", "s3://data/experiments/x/model.tar.gz"])
def test_an_archive_from_elsewhere_is_not_opened(uri: str) -> None:
    assert "expected s3://data/jobs/job-1/output/model.tar.gz" in (
        provenance.places_problem(job(artifact_uri=uri), "data") or ""
    )


@pytest.mark.parametrize("channels", [{}, {"features": "s3://other/features/"}, {"features": "s3://data/ledgers/x/"}])
def test_data_from_elsewhere_is_not_looked_for(channels: dict[str, str]) -> None:
    assert "its channel `features` is" in (provenance.places_problem(job(channels=channels), "data") or "")


START = job().started
ONE = ObjectVersion(id="v1", written=NOON - timedelta(seconds=5))
LATER = ObjectVersion(id="v2", written=NOON + timedelta(seconds=5))


def test_the_one_version_that_the_job_wrote_is_taken() -> None:
    assert provenance.versions_problem(job(), [ONE]) is None


@pytest.mark.parametrize(
    ("versions", "words"),
    [
        ([], "has 0 versions"),
        ([ONE, LATER], "has 2 versions"),
        ([ObjectVersion(id="v0", written=START - timedelta(days=1)), ONE], "has 2 versions"),
        ([ONE, ObjectVersion(id="v2", written=NOON, deletes=True)], "deleted 2026-11-23T12:00:00Z"),
        ([ObjectVersion(id="v1", written=NOON, deletes=True)], "has 1 versions (deleted"),
        ([ObjectVersion(id="null", written=NOON)], "versioning is off"),
        ([ObjectVersion(id="v1", written=NOON + timedelta(seconds=61))], "and the job ran from"),
        ([ObjectVersion(id="v1", written=START - timedelta(seconds=61))], "and the job ran from"),
    ],
)
def test_an_archive_that_another_may_have_written_is_not(versions: list[ObjectVersion], words: str) -> None:
    assert words in (provenance.versions_problem(job(), versions) or "")


@given(st.lists(st.builds(ObjectVersion, id=st.text(), written=st.just(NOON), deletes=st.booleans()), max_size=4))
def test_no_second_writer_goes_unseen(others: list[ObjectVersion]) -> None:
    assert (provenance.versions_problem(job(), [ONE, *others]) is None) == (not others)


def manifest_problem(data: bytes = DATA_MANIFEST, **changes: Any) -> str | None:  # noqa: ANN401 - a manifest's fields
    """The verdict on an honest manifest with changes, of a job whose channel holds `data`."""
    return provenance.manifest_problem(job(), json.loads(manifest(files(), **changes)), data)


def test_a_manifest_that_agrees_with_its_job_is_taken() -> None:
    assert manifest_problem() is None
    assert manifest_problem(hyperparameters={"max_depth": 6.0, "subsample": 0.8}) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model": "other"}, "its manifest is for 'other', the job's tag for card-anomaly"),
        ({"data_manifest_sha256": "0" * 64}, f"the data at s3://data/features/run/ is {DATA_SHA}"),
        ({"code_sha256": "main"}, "code_sha256 is 'main'"),
        ({"hyperparameters": {"max_depth": 7}}, "the job was given max_depth='6', its manifest says 7"),
        ({"hyperparameters": {}}, "its manifest says None"),
    ],
)
def test_a_manifest_that_contradicts_its_job_is_not(changes: dict[str, Any], words: str) -> None:
    assert words in (manifest_problem(**changes) or "")


def test_data_that_changed_since_is_noticed() -> None:
    assert hashlib.sha256(b"other").hexdigest() in (manifest_problem(b"other") or "")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", canonical({"objects": {"test.parquet": "x"}}), b"null"])
def test_data_without_held_out_rows_judges_nobody(data: bytes) -> None:
    assert "names no test.parquet" in (provenance.holdout_problem(figures(), data) or "")


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", canonical({"objects": {}})])
def test_data_that_no_known_code_made_leads_to_no_model(data: bytes) -> None:
    assert "doesn't name the code of its features" in (
        provenance.features_problem({"features_sha256": FEATURES_SHA}, data) or ""
    )


@pytest.mark.parametrize("known", [{}, {"features_sha256": "0" * 64}, {"features_sha256": None}])
def test_a_model_of_other_feature_code_than_its_datas_is_not_taken(known: dict[str, object]) -> None:
    assert provenance.features_problem({"features_sha256": FEATURES_SHA}, DATA_MANIFEST) is None
    assert f"that of the data's features is '{FEATURES_SHA}'" in (
        provenance.features_problem(known, DATA_MANIFEST) or ""
    )


def test_figures_of_other_rows_are_not_taken() -> None:
    assert provenance.holdout_problem(figures(), DATA_MANIFEST) is None
    injected = json.dumps(json.loads(DATA_MANIFEST) | {"labels": "injected"}).encode()
    assert provenance.holdout_problem(figures(labels="injected"), injected) is None
    said = provenance.holdout_problem(figures(labels="given"), injected)
    assert said == "its metrics say that labels are 'given', the data's manifest says 'injected'"
    for other in ("8" * 64, None, 7):
        assert HOLDOUT in (provenance.holdout_problem(figures(holdout_sha256=other), DATA_MANIFEST) or "")


def version(number: int, image: str, code: str) -> Version:
    tags = {"atoll.image_digest": image, "atoll.code_sha256": code}
    return Version(model=MODEL, number=str(number), run_id="r", tags=tags)


def test_one_image_has_one_code() -> None:
    known = [version(1, "a", "one"), version(2, "b", "two")]
    assert provenance.code_problem(version(3, "a", "one"), known) is None
    assert provenance.code_problem(version(3, "c", "two"), known) is None
    assert "version 1 of the same image one" in (provenance.code_problem(version(3, "a", "two"), known) or "")


@pytest.mark.parametrize("features", ["s3://data/experiments/ann/", "s3://other/features/", "s3://data/featuresx/", ""])
def test_only_what_the_etl_step_wrote_leads_to_a_release(features: str) -> None:
    assert provenance.data_problem(job(), "data") is None
    assert "below s3://data/features/" in (provenance.data_problem(job(channels={"features": features}), "data") or "")


@pytest.mark.parametrize("features", [{"view": "batch"}, {"view": None}, {}, [], None])
def test_a_model_that_no_endpoint_can_serve_is_not_taken(features: object) -> None:
    assert provenance.view_problem({"view": "realtime", "columns": []}) is None
    refused = provenance.view_problem(features) or ""
    assert "an endpoint serves the view realtime alone" in refused
    assert "on one machine, with make score MODEL=" in refused
