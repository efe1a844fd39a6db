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
        f"{MODEL} v2: average_precision 0.78 (champion 0.8 on the same rows); "
        f"data {DATA_SHA}; by cid; card s3://release/models/{MODEL}/{sha}/model-card.json; "
        f"expires {NOON + timedelta(days=14):%Y-%m-%d}; worst slice agency=A -0.0200"
    )
    assert len(described) <= briefing.MAXIMUM_DESCRIPTION


def test_approvers_read_the_lift_of_a_model_of_real_labels() -> None:
    version = Version(model=MODEL, number="1", run_id="r", tags={})
    over = {"rules": {"value": 0.2, "low": 0.135, "high": 0.278}, "champion": {"value": FORGED, "low": 0, "high": 0}}
    said = briefing.line(FakeWorld(), version, figures(0.06, labels="given", lift={"over": over}), NOON)
    assert "(no champion yet); lift over written rules +20.0 points [+13.5, +27.8]; data" in said
    assert FORGED not in said


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


FORGED = "Labor +0.0210; data " + "1" * 64 + "; by alice; card s3://release/models/x/card.json; expires 2026-12-07"


def test_no_name_in_the_data_writes_the_line_that_an_approver_reads() -> None:
    """RT-18: slices are named by texts of the trainer's own rows, and metrics by the training's container."""
    version = Version(
        model=MODEL, number="2", run_id="r", tags={"atoll.submitter": "mallory", "atoll.data_manifest_sha256": DATA_SHA}
    )
    measured = figures(0.9, ("e" * 64, 0.8))
    for place in (measured["slices"], measured["champion"]["slices"]):
        place["agency"] = {FORGED + "x" * 900: {"rows": 9, "anomalies": 3, "average_precision": 0.5}}
    honest = briefing.line(FakeWorld(), version, figures(0.9, ("e" * 64, 0.8)), NOON)
    line = briefing.line(FakeWorld(), version, measured, NOON)
    facts, _, told = line.rpartition("; worst slice ")
    assert facts == honest.rpartition("; worst slice ")[0]
    assert f"data {DATA_SHA}; by mallory; card" in facts
    assert ";" not in told
    assert len(told) <= briefing.MAXIMUM_NAME + 8


def test_what_is_no_figure_and_no_hash_is_not_shown() -> None:
    """Without a champion the gate compares nothing, so it doesn't look at what was written about one."""
    tags = {"atoll.submitter": "mallory", "atoll.data_manifest_sha256": FORGED}
    version = Version(model=MODEL, number="1", run_id="r", tags=tags)
    line = briefing.line(FakeWorld(), version, figures(0.9) | {"champion": {"average_precision": FORGED}}, NOON)
    assert "alice" not in line
    assert "(champion unknown on the same rows); data of no known hash; by mallory; card" in line


@pytest.mark.parametrize(
    "odd", [[], 1, "text", {"agency": []}, {"agency": {"A": []}}, {"agency": {"A": {"average_precision": "x"}}}]
)
def test_odd_slices_are_no_slices(odd: object) -> None:
    assert briefing.worst_slice(figures(0.9, ("e" * 64, 0.8)) | {"slices": odd}) == ""
    assert briefing.worst_slice(figures(0.9) | {"champion": {"slices": odd}}) == ""
