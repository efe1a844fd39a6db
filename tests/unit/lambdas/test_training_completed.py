"""From a job's end to a request: what gets through, what doesn't, and who is told."""

import hashlib
import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mlflow.utils import validation

from lambdas.release import candidates
from lambdas.release.artifact import ArtifactError
from lambdas.release.documents import NAMES
from lambdas.release.handlers import training_completed
from lambdas.release.records import Release, release_id
from lambdas.release.vouching import tag_of
from tests.fakes.artifacts import DATA_SHA, archive, metrics, sha_of
from tests.fakes.release import IMAGE, MODEL, NOON, FakeWorld, job
from tests.unit.lambdas.stories import complete, ended, execute, job_event, released, requested

RELEASE = release_id("ann", sha_of(), "1")


def test_a_good_model_waits_for_approval_under_a_change_set() -> None:
    world = FakeWorld()
    version = requested(world)
    assert version.state == "requested"
    assert world.change_sets.waiting == {
        (MODEL, RELEASE): Release(
            image_digest=IMAGE.partition("@")[2], manifest_sha256=sha_of(), version="1", release_id=RELEASE
        )
    }
    assert world.artifacts.released == {(MODEL, sha_of()): archive()}
    assert not world.registry.champions


def test_the_version_carries_its_whole_lineage() -> None:
    world = FakeWorld()
    version = requested(world)
    assert version.tags == {
        "atoll.training_job_arn": job().arn,
        "atoll.submitter": "ann",
        "atoll.image_digest": job().image_digest,
        "atoll.manifest_sha256": sha_of(),
        "atoll.data_manifest_sha256": DATA_SHA,
        "atoll.code_sha256": "c" * 64,
        **{f"atoll.{tag_of(n)}": hashlib.sha256(world.artifacts.papers[MODEL, sha_of(), n]).hexdigest() for n in NAMES},
        "atoll.serving_image_digest": IMAGE.partition("@")[2],
        "atoll.release_id": RELEASE,
        "atoll.requested_at": NOON.isoformat(),
        "atoll.state": "requested",
    }
    record = world.registry.logged[version.run_id]
    assert record.params == {"max_depth": "6", "seed": "7"}
    assert {"average_precision": 0.8, "rows": 100.0, "by_kind.weekend": 0.5}.items() <= record.metrics.items()
    assert sorted(record.files) == sorted(
        ["baseline.json", "features.json", "manifest.json", "metrics.json", "model-card.json", "impact-assessment.json"]
    )
    assert record.ended == NOON


def test_the_record_of_a_request_says_when_its_job_ran() -> None:
    world = FakeWorld()
    requested(world)
    asked = next(entry for entry in world.audit.entries.values() if entry.what == "requested")
    assert asked.details["job_started"] == job().started.isoformat()
    assert asked.details["job_ended"] == job().ended.isoformat()


def test_approvers_get_what_they_need_to_decide_and_to_act() -> None:
    world = FakeWorld()
    released(world)
    requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    subject, text = world.notifier.messages[-1]
    assert subject.startswith(f"Approval wanted: {MODEL} v2")
    assert "average_precision 0.9 (champion 0.8 on the same rows)" in text
    command = f"aws cloudformation execute-change-set --stack-name Atoll-Endpoint-{MODEL} --change-set-name r-by-cid-"
    assert command in text
    assert "--region us-east-1" in text
    assert DATA_SHA in text


@given(st.dictionaries(st.text(), st.floats() | st.dictionaries(st.text(), st.integers(-9, 9)), max_size=9))
def test_mlflow_takes_the_names_of_whatever_was_measured(measured: dict[str, object]) -> None:
    found = candidates.numbers(measured | {"slices": {"agency": {"Café, 1": {"rows": 1}}}})
    assert all(re.fullmatch(r"[\w. :-]{1,250}", name, re.ASCII) and math.isfinite(v) for name, v in found.items())
    for name in found:
        validation._validate_metric_name(name)
    assert not [name for name in found if name.startswith("slices.agency")]


NAMED = ["average_precision", "rows", "anomalies", "champion", "slices", "agency", "A", "by_kind", "manifest_sha256"]


@pytest.mark.parametrize("kind", ["theft/", "split//duplicate", "/etc", "..", "../x", ".", "", "a" * 300])
def test_a_kind_that_reads_like_a_path_is_registered_under_a_plain_name(kind: str) -> None:
    """F13: MLflow takes no metric for whose name it would have to make folders."""
    for name in candidates.numbers({"by_kind": {kind: 0.5}, kind: 0.5}):
        validation._validate_metric_name(name)
    world = FakeWorld()
    assert requested(world, None, archive(metrics_json=metrics(by_kind={kind: 0.5}))).state == "requested"


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMED) | st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.long
@given(given_metrics=st.dictionaries(st.sampled_from(NAMED), ODD) | ODD, keep=st.booleans())
def test_whatever_was_measured_the_function_survives_it(given_metrics: Any, *, keep: bool) -> None:  # noqa: ANN401
    """RT-20: a dead function asks again for ever, and nobody is told."""
    world = FakeWorld()
    champion = released(world).tag("manifest_sha256")
    whole = json.loads(metrics(0.9, (champion, 0.8)))
    odd = whole | given_metrics if keep and isinstance(given_metrics, dict) else given_metrics
    world.finish(job("job-2", submitter="cid"), archive(metrics_json=json.dumps(odd).encode()))
    assert re.match(r"version 2 re|refused before registration", complete(world, "job-2"))


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_job_that_did_not_complete_is_told_and_recorded_and_nothing_else(status: str) -> None:
    world = FakeWorld()
    world.finish(job(failure_reason="AlgorithmError: no memory"))
    assert complete(world, status=status) == status
    assert "AlgorithmError: no memory" in world.notifier.messages[0][1]
    assert world.audit.whats == [f"training_{status.lower()}"]
    assert not world.registry.runs


@pytest.mark.parametrize(
    ("changes", "packed"),
    [
        ({}, archive()[:-40]),
        ({}, archive(metrics_json=b"no json")),
        ({}, archive(metrics_json=b"[]")),
        ({}, archive(features_json=b'{"view": "batch", "columns": []}')),
        ({"network_isolated": False}, archive()),
        ({"tags": {"atoll:uid": "ann", "atoll:model": "another"}}, archive()),
        ({"tags": {}}, archive()),
    ],
)
def test_what_deserves_no_trust_is_refused_before_registration(changes: dict[str, Any], packed: bytes) -> None:
    world = FakeWorld()
    world.finish(job(**changes), packed)
    assert complete(world) == "refused before registration"
    assert world.audit.whats == ["refused_before_registration"]
    assert world.notifier.messages[0][0] == "Refused before registration: job-1"
    assert not world.registry.runs
    assert not world.artifacts.released


@pytest.mark.parametrize("status", ["Completed", "Failed", "Stopped"])
def test_a_trial_of_a_tuning_job_is_recorded_and_never_released(status: str) -> None:
    world = FakeWorld()
    world.finish(job(tuning_job="arn:x:sagemaker:us-east-1:000000000000:hyper-parameter-tuning-job/t"))
    assert complete(world, status=status) == "a trial"
    assert world.audit.whats == [f"trial_{status.lower()}"]
    assert not world.registry.runs
    assert not world.change_sets.waiting
    assert not world.notifier.messages


def test_a_manifest_for_another_model_is_refused() -> None:
    world = FakeWorld(settings=FakeWorld().settings.model_copy(update={"models": (MODEL, "other")}))
    world.finish(job(tags={"atoll:uid": "ann", "atoll:model": "other"}))
    assert complete(world) == "refused before registration"
    assert "its manifest is for 'card-anomaly', the job's tag for other" in world.notifier.messages[0][1]


@pytest.mark.parametrize("value", [0.2, 0.74, float("nan"), None])
def test_a_model_that_the_gate_refuses_never_asks_for_approval(value: float) -> None:
    world = FakeWorld()
    released(world)
    world.finish(job("job-2"), world.trained(value))
    assert "version 2 refused: average_precision" in complete(world, "job-2")
    assert world.states == ["released", "refused"]
    assert not world.change_sets.waiting
    assert len(world.artifacts.released) == 1
    refused = world.registry.versions(MODEL)[0]
    assert refused.tag("reason").startswith("average_precision")
    assert not refused.tag("release_id")
    assert world.audit.whats[-1] == "refused"


def test_the_same_files_are_not_requested_under_two_versions() -> None:
    world = FakeWorld()
    requested(world)
    world.finish(job("job-2"))
    assert "its files are those of version 1, which is requested" in complete(world, "job-2")
    assert len(world.change_sets.waiting) == 1


def test_the_same_files_may_be_tried_again_after_a_rollback() -> None:
    world = FakeWorld()
    first = requested(world)
    ended(world, first, "rolled_back")
    world.change_sets.waiting.clear()
    assert requested(world, job("job-2")).state == "requested"
    assert world.states == ["rolled_back", "requested"]


def test_a_foreign_archive_under_our_hash_stops_the_request() -> None:
    world = FakeWorld()
    world.artifacts.released[MODEL, sha_of()] = archive(metrics_json=metrics(1.0))
    world.finish(job())
    with pytest.raises(ArtifactError, match=f"released as {sha_of()} holds"):
        complete(world)
    assert not world.change_sets.waiting


def test_an_approver_who_is_faster_than_the_request_is_not_overwritten() -> None:
    world = FakeWorld()
    world.finish(job())
    ask = world.change_sets.request

    def request(model: str, name: str, release: Release, description: str) -> str:
        made = ask(model, name, release, description)
        execute(world, name)
        return made

    world.change_sets.request = request
    complete(world)
    assert world.states == ["executing"]


def test_the_function_takes_the_event(monkeypatch: pytest.MonkeyPatch) -> None:
    world = FakeWorld()
    world.finish(job())
    monkeypatch.setattr(training_completed, "connect", lambda: world)
    training_completed.handler(job_event(), None)
    assert world.states == ["requested"]
