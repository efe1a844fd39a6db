"""Drift of what was scored: silent on what the model knows, loud on what it doesn't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.monitoring import decisions
from lambdas.monitoring.decisions import CountError, Drift, measure, psi, shares
from lambdas.monitoring.events import ProcessingJobEnded
from lambdas.monitoring.handlers import batch_scored
from lambdas.monitoring.ports import Batch
from lambdas.monitoring.settings import Settings
from lambdas.release.artifact import ArtifactError
from lambdas.release.events import EventError, parse
from tests.fakes.artifacts import BASELINE, archive, sha_of
from tests.fakes.monitoring import FakeMonitorWorld
from tests.fakes.release import MODEL, NOON

Counts = dict[str, list[int]]
ALIKE: Counts = {"amount": [4, 4, 4, 4, 0], "days": [4, 4, 8]}
SHIFTED: Counts = {"amount": [0, 0, 0, 20, 0], "days": [5, 5, 10]}


def event(status: str = "Completed", name: str = "batch-1") -> dict[str, object]:
    return {
        "id": "e4",
        "source": "aws.sagemaker",
        "detail-type": "SageMaker Processing Job State Change",
        "time": NOON.isoformat(),
        "detail": {"ProcessingJobName": name, "ProcessingJobStatus": status},
    }


def event_of(name: str) -> ProcessingJobEnded:
    """The parsed event of a batch's end."""
    return parse(ProcessingJobEnded, event(name=name))


def world(counts: Counts, rows: int, sha: str = sha_of()) -> FakeMonitorWorld:
    made = FakeMonitorWorld()
    batch = Batch(job="batch-1", model=MODEL, version="3", manifest_sha256=sha, rows=rows, counts=counts)
    made.batches.batches["batch-1"] = batch
    made.artifacts.released[MODEL, sha_of()] = archive()
    return made


def scored(made: FakeMonitorWorld, status: str = "Completed") -> str:
    return batch_scored.batch_scored(parse(ProcessingJobEnded, event(status)), made)


def test_rows_like_those_of_the_training_are_quiet() -> None:
    made = world(ALIKE, 16)
    assert scored(made) == "quiet: 0.000 over 16 rows"
    report = made.reports.reports["batch-1"]
    assert set(report) == {"model", "model_version", "rows", "max_psi", "status", "features"}
    assert (report["model"], report["model_version"], report["rows"], report["status"]) == (MODEL, "3", 16, "quiet")
    assert made.reports.metrics == [(MODEL, pytest.approx(0))]
    assert not made.notifier.messages


def test_other_rows_are_told_and_recorded_with_the_worst_feature_first() -> None:
    made = world(SHIFTED, 20)
    assert scored(made).startswith("alarm: ")
    subject, text = made.notifier.messages[0]
    assert subject.startswith(f"ALARM: drift of {MODEL}, PSI ")
    assert text.index("amount") < text.index("days")
    assert [(name, note["what"]) for (_, name), note in made.notes.kept.items()] == [("batch-1-drift", "drift")]
    assert made.reports.metrics[0][1] > 0.25


@pytest.mark.parametrize("status", ["Failed", "Stopped"])
def test_a_batch_that_was_not_scored_is_not_measured(status: str) -> None:
    made = world(SHIFTED, 20)
    assert scored(made, status) == f"nothing to measure: {status}"
    assert not made.reports.reports


def test_a_job_that_scored_with_no_released_model_is_not_measured() -> None:
    made = world(SHIFTED, 20)
    made.batches.batches.clear()
    assert scored(made) == "no scoring by a released model"


def test_a_baseline_that_was_tampered_with_is_not_believed() -> None:
    made = world(ALIKE, 16)
    made.artifacts.released[MODEL, sha_of()] = archive(model_ubj=b"{another")
    with pytest.raises(ArtifactError, match="holds"):
        scored(made)


def test_a_scoring_without_new_rows_is_quiet() -> None:
    assert scored(world({"amount": [0] * 5, "days": [0] * 3}, 0)) == "quiet: 0.000 over 0 rows"


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"amount": [4, 4, 4, 4, 0]}, "counted other features than the model has: days"),
        (ALIKE | {"days": [8, 8]}, "16 rows in 2 bins of days; expected 16 rows in 3"),
        (ALIKE | {"days": [8, 0, 7]}, "15 rows in 3 bins of days; expected 16 rows in 3"),
    ],
)
def test_counts_that_do_not_fit_the_model_are_named(counts: Counts, words: str) -> None:
    with pytest.raises(CountError, match=words):
        measure(16, counts, BASELINE)


@pytest.mark.parametrize(
    ("largest", "status"), [(0.0, "quiet"), (0.0999, "quiet"), (0.1, "watch"), (0.2499, "watch"), (0.25, "alarm")]
)
def test_the_limits_are_a_tenth_and_a_quarter(largest: float, status: str) -> None:
    assert Drift(rows=1, features={"a": largest, "b": 0.0}).status == status


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=11).filter(any))
def test_the_index_is_zero_for_like_and_never_negative(counts: list[int]) -> None:
    total = sum(counts)
    assert psi([count / total for count in counts], counts, total) == pytest.approx(0)
    assert psi([1 / len(counts)] * len(counts), counts, total) >= 0


@given(st.integers(1, 1000), st.data())
def test_the_baselines_shares_sum_to_one_with_the_missing(count: int, data: st.DataObject) -> None:
    missing = data.draw(st.integers(0, count))
    assert sum(shares({"count": count, "missing": missing, "shares": [0.5, 0.25, 0.25]})) == pytest.approx(1)


def test_a_shock_of_missing_values_is_an_alarm() -> None:
    assert measure(50, {"amount": [0, 0, 0, 0, 50], "days": [0, 0, 50]}, BASELINE).status == "alarm"
    assert decisions.WATCH < decisions.ALARM


def test_the_function_takes_its_event(monkeypatch: pytest.MonkeyPatch) -> None:
    made = world(ALIKE, 16)
    monkeypatch.setattr(batch_scored, "connect", lambda: made)
    batch_scored.handler(event(), None)
    assert "batch-1" in made.reports.reports
    with pytest.raises(EventError):
        batch_scored.handler(event("InProgress"), None)


def test_the_monitor_needs_four_names_only() -> None:
    names = {f"ATOLL_{n}": n for n in ("DATA_BUCKET", "RELEASE_BUCKET", "AUDIT_BUCKET", "TOPIC_ARN")}
    assert Settings.parse(names).data_bucket == "DATA_BUCKET"
