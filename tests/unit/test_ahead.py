"""The clock that is ahead, under which CI runs the unit tests: the calendar moves, and nothing else does."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.ahead.clock import DAY, ClockError, compile_clock, environment_ahead, expect_ahead
from tests.unit.model_code.native.compiled import needs_a_compiler

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.long
WAITS = """
import os, queue, subprocess, sys, threading, time
began = time.monotonic()
threading.Event().wait(0.1)
time.sleep(0.1)
try:
    queue.Queue().get(timeout=0.1)
except queue.Empty:
    pass
lock = threading.Lock()
lock.acquire()
lock.acquire(timeout=0.1)
subprocess.run(["sleep", "0.1"], timeout=20)
print(time.monotonic() - began)
"""
CONDITION = r"""
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
int main(void) {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 1;
    pthread_mutex_lock(&mutex);
    puts(strerror(pthread_cond_timedwait(&condition, &mutex, &until)));
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs_a_compiler()
    return compile_clock(tmp_path_factory.mktemp("ahead") / "clock.so")


def said(environment: dict[str, str], *command: str) -> str:
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30).stdout


@pytest.mark.parametrize("days", [1, 365, 3650])
def test_a_program_and_what_it_starts_see_another_day(library: Path, tmp_path: Path, days: int) -> None:
    ahead = environment_ahead(library, days)
    (tmp_path / "now").touch()
    kernels = (tmp_path / "now").stat().st_mtime
    for command in (
        (sys.executable, "-c", "import time; print(time.time())"),
        (sys.executable, "-c", "import datetime; print(datetime.datetime.now().timestamp())"),
        ("sh", "-c", "date +%s"),
    ):
        assert float(said(ahead, *command)) - kernels == pytest.approx(days * DAY, abs=60)


def test_waits_take_as_long_as_ever(library: Path) -> None:
    assert 0.5 <= float(said(environment_ahead(library, 365), sys.executable, "-c", WAITS)) < 15


def test_a_wait_until_a_moment_of_the_calendar_ends(library: Path, tmp_path: Path) -> None:
    (tmp_path / "wait.c").write_text(CONDITION)
    subprocess.run(["cc", "-o", str(tmp_path / "wait"), str(tmp_path / "wait.c"), "-pthread"], check=True)
    assert "timed out" in said(environment_ahead(library, 365), str(tmp_path / "wait"))


def test_a_clock_that_is_not_ahead_runs_no_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ClockError, match=r"should be 365 days ahead and is 0\.0: no test was run"):
        expect_ahead(os.environ | {"LD_PRELOAD": ""}, 365)
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(ClockError, match="There is no C compiler 'no-such-compiler'"):
        compile_clock(tmp_path / "clock.so")
