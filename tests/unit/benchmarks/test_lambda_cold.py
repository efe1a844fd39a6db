"""The report of cold starts: medians, ratios to the peer, and which function breaks the limit."""

from typing import Any

from benchmarks import lambda_cold
from lambdas import bundle

MONITOR, RELEASE = "lambdas.monitoring.handlers.batch_scored", "lambdas.release.handlers.training_completed"


def report(monitor: float, release: float = 9.0, client: float = 1.2) -> dict[str, Any]:
    """A report in which the peer takes one second."""
    taken = {
        ("peer", "peer"): [0.9, 1.0, 5.0],
        (MONITOR, "handler"): [monitor] * 3,
        (MONITOR, "with client"): [client] * 3,
        (RELEASE, "handler"): [release] * 3,
        (RELEASE, "with mlflow"): [release] * 3,
    }
    return lambda_cold.report(taken, {"release": {"bytes": 83_000_000, "zipped": 26_000_000}}, 3)


def test_times_are_told_as_medians_and_as_ratios_to_the_peer() -> None:
    found = report(1.2)
    assert found["peer"]["seconds"] == 1.0
    assert found["functions"][MONITOR]["handler"] == {"seconds": 1.2, "ratio": 1.2}
    assert found["functions"][RELEASE]["with mlflow"]["ratio"] == 9.0


def test_only_functions_without_mlflow_are_held_to_the_limit() -> None:
    assert lambda_cold.beyond(report(lambda_cold.LIMIT)) == []
    assert lambda_cold.beyond(report(lambda_cold.LIMIT + 0.01)) == [MONITOR]
    assert lambda_cold.beyond(report(1.0, client=lambda_cold.LIMIT + 0.01)) == [MONITOR]


def test_every_handler_is_measured() -> None:
    found = lambda_cold.handlers()
    assert found[MONITOR] == "monitoring"
    assert found[RELEASE] == "release"
    assert set(found.values()) == set(bundle.ROOMS)


def test_people_read_milliseconds_and_megabytes() -> None:
    text = lambda_cold.table(report(1.2))
    assert "monitoring.handlers.batch_scored: handler 1200 ms (1.20x)" in text
    assert "bundle release: 83 MB, zipped 26.0 MB" in text
