"""A signal ends the story once, with the exit code that a shell expects, and never while it tidies up."""

import os
import signal
from collections.abc import Generator

import pytest

from local.story.interrupts import SIGNALS, Interrupted, listen, undisturbed


@pytest.fixture(autouse=True)
def handlers() -> Generator[None]:
    former = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in former.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_breaks_off_the_story_with_its_own_exit_code(number: int, code: int) -> None:
    listen()
    with pytest.raises(Interrupted) as raised:
        os.kill(os.getpid(), number)

    assert raised.value.exit_code == code


def test_only_the_first_signal_breaks_off() -> None:
    listen()
    with pytest.raises(Interrupted):
        os.kill(os.getpid(), signal.SIGINT)

    os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)


def test_nothing_breaks_off_the_tidying_up() -> None:
    listen()
    with undisturbed():
        os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Interrupted):
        os.kill(os.getpid(), signal.SIGINT)
