"""What an approver is told: figures against the champion, the worst slice, data, papers, changes, expiry, commands."""

from datetime import timedelta

import pytest

from lambdas.release import briefing
from lambdas.release.records import Version
from tests.fakes.artifacts import DATA_SHA, figures, sha_of
from tests.fakes.release import IMAGE, MODEL, NOON, FakeWorld, job
from tests.unit.lambdas.stories import released, requested


def test_a_change_sets_description_says_what_an_approver_must_know() -> None:
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.78))
    described = world.change_sets.descriptions[version.tag("release_id")]
    sha = version.tag("manifest_sha256")
    assert described == (
        f"{MODEL} v2: average_precision 0.78 (champion 0.8 on the same rows); worst slice agency=A -0.0200; "
        f"data {DATA_SHA}; by cid; card s3://release/models/{MODEL}/{sha}/model-card.json; "
        f"expires {NOON + timedelta(days=14):%Y-%m-%d}"
    )
    assert len(described) <= briefing.MAXIMUM_DESCRIPTION


def test_the_message_says_what_changes_and_what_to_type() -> None:
    world = FakeWorld()
    released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    text = world.notifier.messages[-1][1]
    release, sha = version.tag("release_id"), version.tag("manifest_sha256")
    for line in (
        f"manifest_sha256: {sha_of()} -> {sha}",
        "data_manifest_sha256: unchanged",
        f"Impact assessment s3://release/models/{MODEL}/{sha}/impact-assessment.json",
        f"Serving image {IMAGE.partition('@')[2]}",
        f"python -m releases approve {release}",
        f"python -m releases reject {release}",
        f"aws cloudformation execute-change-set --stack-name Atoll-Endpoint-{MODEL} --change-set-name {release}",
    ):
        assert line in text


def test_the_first_release_changes_everything() -> None:
    version = Version(model=MODEL, number="1", run_id="r", tags={"atoll.manifest_sha256": "e" * 64})
    assert briefing.difference(None, version)[0] == f"manifest_sha256: none -> {'e' * 64}"


@pytest.mark.parametrize(
    "metrics",
    [{}, figures(), {"champion": {}}, {"champion": {"slices": {}}, "slices": {}}, {"champion": 1, "slices": []}],
)
def test_where_nothing_was_compared_no_slice_is_named(metrics: dict[str, object]) -> None:
    assert briefing.worst_slice(metrics) == ""


def test_a_long_description_is_cut_to_what_cloudformation_takes() -> None:
    world = FakeWorld()
    version = Version(model=MODEL, number="1", run_id="r", tags={"atoll.submitter": "a" * 2000})
    assert len(briefing.line(world, version, figures(), NOON)) == briefing.MAXIMUM_DESCRIPTION
