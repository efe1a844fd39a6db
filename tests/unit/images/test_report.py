import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from images.commands import ImageError
from images.report import Report
from tests.patience import PATIENCE


def fail() -> None:
    raise ImageError("the disk is full")


def read(file: Path) -> dict[str, object]:
    return json.loads(file.read_text())


def results(file: Path) -> dict[str, str]:
    return {each["step"]: each["result"] for each in json.loads(file.read_text())["steps"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "build" / "report.json"


def test_a_report_says_what_its_steps_found_and_what_was_a_stand_in(file: Path) -> None:
    Report(file, {"base": "a stand-in"}).step("count", lambda: {"wheels": 41})
    written = read(file)
    assert (written["passed"], written["base"]) == (True, "a stand-in")
    assert "{'wheels': 41}" in str(written["steps"])


def test_a_failure_is_raised_and_stands_in_the_report(file: Path) -> None:
    with pytest.raises(ImageError, match="the disk is full"):
        Report(file, {}).step("build", fail)
    assert (read(file)["passed"], results(file)) == (False, {"build": "failed"})


def test_lanes_go_side_by_side_each_in_its_order(file: Path) -> None:
    both = threading.Barrier(2)
    Report(file, {}).together(
        [("a", lambda: both.wait(PATIENCE)), ("b", lambda: None)], [("c", lambda: both.wait(5)), ("d", lambda: None)]
    )
    names = list(results(file))
    assert names.index("a") < names.index("b")
    assert names.index("c") < names.index("d")


def test_after_a_failure_no_lane_begins_another_step_and_the_whole_fails(file: Path) -> None:
    report, both = Report(file, {}), threading.Barrier(2)

    def fail_together() -> None:
        both.wait(PATIENCE)
        fail()

    def end_after_the_failure() -> None:
        both.wait(PATIENCE)
        while not report._failed:
            time.sleep(0.01)

    with pytest.raises(ImageError, match="the disk is full"):
        report.together([("build", fail_together)], [("slow", end_after_the_failure), ("never", lambda: None)])
    assert results(file) == {"build": "failed", "slow": "passed"}
    assert read(file)["passed"] is False


def test_a_signal_ends_the_lanes_after_their_present_steps(file: Path) -> None:
    report = Report(file, {})

    def told_to_end(*_: object) -> None:
        raise SystemExit

    def signalled() -> None:
        time.sleep(0.2)  # until the main thread waits
        os.kill(os.getpid(), signal.SIGUSR1)
        time.sleep(0.2)

    former = signal.signal(signal.SIGUSR1, told_to_end)
    try:
        with pytest.raises(SystemExit):
            report.together([("build", signalled), ("never", lambda: None)])
    finally:
        signal.signal(signal.SIGUSR1, former)
    assert list(results(file)) == ["build"]
