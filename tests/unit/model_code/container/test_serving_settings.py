import os
from pathlib import Path

import pytest

from model_code.container.cpus import usable_cpus
from model_code.container.policy import policy_of_environment
from model_code.container.serve import largest_body
from model_code.errors import InputError
from model_code.serving.policy import Policy


def test_without_settings_everything_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ATOLL_")]:
        monkeypatch.delenv(name)
    assert policy_of_environment() == Policy()


@pytest.mark.parametrize(("text", "megabytes"), [("", 6), ("1", 1), ("100", 100)])
def test_the_largest_body_is_what_is_set(monkeypatch: pytest.MonkeyPatch, text: str, megabytes: int) -> None:
    monkeypatch.setenv("SAGEMAKER_MAX_PAYLOAD_IN_MB", text)
    assert largest_body() == megabytes * 2**20


def test_bodies_without_limit_are_bound_by_the_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAGEMAKER_MAX_PAYLOAD_IN_MB", "0")
    assert largest_body() > 2**40
    for text in ("-1", "1.5", "²"):
        monkeypatch.setenv("SAGEMAKER_MAX_PAYLOAD_IN_MB", text)
        with pytest.raises(InputError, match="expected a whole number from 0"):
            largest_body()


def test_each_setting_reaches_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "ATOLL_OUT_OF_DISTRIBUTION": "refuse",
        "ATOLL_SCORE_DECIMALS": "0",
        "ATOLL_LABEL_ONLY": "1",
        "ATOLL_LABEL_THRESHOLD": "0.25",
        "ATOLL_CALLER_HEADER": "X-User",
        "ATOLL_CALLER_ROWS_PER_MINUTE": "600",
        "ATOLL_METRICS": "1",
    }
    for name, text in given.items():
        monkeypatch.setenv(name, text)
    assert policy_of_environment() == Policy(
        refuse_unusual=True, decimals=0, label_only=True, threshold=0.25, caller_header=b"x-user", rows_per_minute=600,
        metrics=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("ATOLL_OUT_OF_DISTRIBUTION", "drop", "expected flag .the default. or refuse"),
        ("ATOLL_LABEL_ONLY", "yes", "expected 0 .the default. or 1"),
        ("ATOLL_METRICS", "on", "expected 0 .the default. or 1"),
        ("ATOLL_SCORE_DECIMALS", "10", "expected 0 to 9"),
        ("ATOLL_SCORE_DECIMALS", "-1", "expected 0 to 9"),
        ("ATOLL_LABEL_THRESHOLD", "1.5", "expected a number from 0 to 1"),
        ("ATOLL_LABEL_THRESHOLD", "half", "expected a number from 0 to 1"),
        ("ATOLL_CALLER_ROWS_PER_MINUTE", "0", "expected a whole number from 1"),
    ],
)
def test_a_setting_that_means_nothing_ends_the_server(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, expected: str
) -> None:
    monkeypatch.setenv(name, text)
    with pytest.raises(InputError, match=f"{name} is '{text}'; {expected}"):
        policy_of_environment()


@pytest.mark.parametrize("objective", ["reg:squarederror", "rank:ndcg"])
def test_labels_of_a_model_without_labels_are_refused_at_load(objective: str) -> None:
    Policy().check(objective)
    with pytest.raises(InputError, match=f"objective is {objective}, whose scores are no labels"):
        Policy(label_only=True).check(objective)


@pytest.mark.parametrize(
    ("files", "cpus"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000"}, 64),
        ({"cpu.max": "200000 100000"}, 2),
        ({"cpu.max": "250000 100000"}, 2),
        ({"cpu.max": "50000 100000"}, 1),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64),
        ({"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
    ],
)
def test_the_quota_of_the_container_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, files: dict[str, str], cpus: int
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n")
    assert usable_cpus(tmp_path) == cpus
