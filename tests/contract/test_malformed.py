"""A seeded share of `make malformed` and `make fuzz`, and that both can fail."""

import copy
import http.client
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fuzz import targets
from tests.fuzz.__main__ import campaign as fuzz_campaign
from tests.malformed.campaign import problems, run
from tests.malformed.kinds import SHARES, good_body, malformed, post
from tests.malformed.server import PROJECT, serving
from tests.unit.model_code.native.compiled import needs_a_compiler


@pytest.fixture(scope="module", autouse=True)
def library() -> None:
    needs_a_compiler()
    subprocess.run([sys.executable, "-m", "model_code.native"], check=True, cwd=PROJECT, capture_output=True)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return run(2_000, 5, tmp_path_factory.mktemp("malformed"))


def test_two_thousand_malformed_requests_leave_the_server_as_it_was(report: dict[str, Any]) -> None:
    # The bound of 0.1 s is `make malformed`'s, on a machine that does nothing else.
    assert problems(report, slowest_ping=1.0) == []
    assert report["requests"] == 2_000
    assert len(report["kinds"]) == len(SHARES)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("server_errors", 1),
        ("no_answer", 1),
        ("alive", False),
        ("rss_bytes", {"before": 100, "after": 120}),
        ("ping_seconds", {"p100": 0.11}),
        ("log", {"tracebacks": 1, "payloads": 0}),
        ("log", {"tracebacks": 0, "payloads": 1}),
    ],
)
def test_a_server_that_did_not_bear_it_fails(report: dict[str, Any], field: str, value: object) -> None:
    assert problems(copy.deepcopy(report) | {field: value})


def test_what_is_mutated_was_good(tmp_path: Path) -> None:
    chance = random.Random(3)  # noqa: S311
    with serving(tmp_path) as server:
        for _ in range(40):
            media_type, body = good_body(chance)
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request("POST", "/invocations", body, {"Content-Type": media_type})
            response = connection.getresponse()
            assert (response.status, bool(response.read())) == (200, True)
            connection.close()


def test_the_same_seed_makes_the_same_requests() -> None:
    assert [malformed(4, number) for number in range(200)] == [malformed(4, number) for number in range(200)]
    assert malformed(4, 1) != malformed(5, 1)
    assert post(b"1", "text/csv").endswith(b"\r\n\r\n1")


def test_a_few_seconds_of_fuzzing_find_nothing() -> None:
    result = fuzz_campaign(2)
    assert result["passed"], result
    assert set(result["targets"]) == set(targets.TARGETS)
    least = {"model": 20, "model_numbers": 2}  # what passes is loaded by XGBoost, many milliseconds each
    assert all(target["inputs"] > least.get(name, 1_000) for name, target in result["targets"].items())


def test_a_fuzz_target_sees_a_parser_that_reads_another_number(monkeypatch: pytest.MonkeyPatch) -> None:
    real = targets.python_parsing.parse_csv
    monkeypatch.setattr(targets.python_parsing, "parse_csv", lambda body, columns: real(body, columns) + 1)
    with pytest.raises(targets.BrokenPromiseError, match="Both read the same numbers"):
        targets.TARGETS["csv"](b"1,2,3")
