"""No wait of the story is endless, and one that was in vain says what for."""

import pytest

from local.story.scene import expect
from local.story.waiting import StoryError, wait_for


def test_what_comes_in_time_is_returned() -> None:
    answers = iter([None, None, "here"])

    assert wait_for(lambda: next(answers), "an answer", seconds=5) == "here"


def test_a_false_answer_is_an_answer() -> None:
    assert wait_for(lambda: 0, "a number", seconds=1) == 0


def test_a_wait_in_vain_names_what_was_waited_for_and_the_hint() -> None:
    with pytest.raises(StoryError, match=r"the champion, which did not come\. Look in build/local"):
        wait_for(lambda: None, "the champion", seconds=0.3, hint=lambda: "Look in build/local")


def test_a_broken_promise_stops_the_story() -> None:
    expect([1], "never raised")
    with pytest.raises(StoryError, match="the endpoint is gone"):
        expect([], "the endpoint is gone")
