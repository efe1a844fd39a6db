"""The story's witnesses don't believe a step: each lie about what serves, or about who may do what, ends the story."""

from __future__ import annotations

import functools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from local.story import outside, typed
from local.story.scene import APPROVER
from local.story.typed import Typed
from local.story.waiting import StoryError, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROWS = pd.DataFrame({"amount": np.linspace(0, 1, 30)})


class Twice:
    """A booster that doubles the first column."""

    def inplace_predict(self, rows: np.ndarray) -> np.ndarray:
        return rows[:, 0] * 2


def scene(*, champion: str = "1", endpoints: tuple[str, ...] = ("e",)) -> Any:  # noqa: ANN401 - as much of a Scene as is read
    """A scene with this champion and these endpoints."""
    client = SimpleNamespace(list_endpoints=lambda: {"Endpoints": [{"EndpointName": name} for name in endpoints]})
    session = SimpleNamespace(client=lambda _name: client)
    return SimpleNamespace(
        registry=SimpleNamespace(get_registered_model=lambda _model: SimpleNamespace(aliases={"champion": champion})),
        outputs={"EndpointName": "e"},
        administrator=session,
        person=lambda _person: session,
        environment_of=lambda _person: {},
        ledger=SimpleNamespace(file=SimpleNamespace(name="ledger.csv")),
    )


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Have the endpoint answer with so many times the first column; the champion's own factor is 2."""
    monkeypatch.setattr(outside, "released_model", lambda _scene: (Twice(), ["amount"]))
    monkeypatch.setattr(outside, "held_back", lambda _scene: ROWS)
    monkeypatch.setattr(outside, "wait_for", functools.partial(wait_for, seconds=0.1))

    def answer(factor: float) -> None:
        monkeypatch.setattr(outside, "invoke", lambda _scene, _runtime, row: {"score": float(row[0]) * factor})

    return answer


def test_an_endpoint_that_answers_as_the_champion_is_believed(answering: Callable[[float], None]) -> None:
    answering(2)

    assert len(outside.expect_serves(scene(), "1")) == outside.WITNESSES


def test_an_endpoint_that_answers_as_another_model_is_not(answering: Callable[[float], None]) -> None:
    answering(2.01)

    with pytest.raises(StoryError, match="does not answer as card-anomaly v1 does"):
        outside.expect_serves(scene(), "1")


@pytest.mark.parametrize(
    ("lie", "words"),
    [({"champion": "2"}, "MLflow to show v1 as the champion"), ({"endpoints": ()}, "endpoint is gone")],
)
def test_another_champion_or_no_endpoint_is_noticed(
    answering: Callable[[float], None], lie: dict[str, Any], words: str
) -> None:
    answering(2)

    with pytest.raises(StoryError, match=words):
        outside.expect_serves(scene(**lie), "1")


def test_two_versions_with_the_same_scores_prove_nothing() -> None:
    with pytest.raises(StoryError, match="give the same scores"):
        outside.expect_other_scores(scene(), [0.1, 0.2], [0.1, 0.2])

    outside.expect_other_scores(scene(), [0.1, 0.2], [0.1, 0.3])


@pytest.mark.parametrize(
    ("done", "words"),
    [
        (Typed(0, "{}", ""), "must not be able to"),
        (Typed(1, "", "Not done: Could not connect"), "was to be refused because of 'AccessDenied'"),
    ],
)
def test_only_the_expected_refusal_counts_as_one(monkeypatch: pytest.MonkeyPatch, done: Typed, words: str) -> None:
    monkeypatch.setattr(typed, "type_in", lambda *_words: done)

    with pytest.raises(StoryError, match=words):
        typed.not_done(scene(), APPROVER, "approve", "r", because="AccessDenied")


def test_a_command_that_fails_ends_the_story_with_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typed, "type_in", lambda *_words: Typed(1, "", "Not done: no change set r waits"))

    with pytest.raises(StoryError, match="bob typed `python -m releases approve r`, which said: Not done: no change"):
        typed.releases(scene(), APPROVER, "approve", "r")


def test_a_typed_command_has_the_keys_that_it_is_given_and_no_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "another person's")
    (tmp_path / "keys.py").write_text("import os\nprint(sorted(name for name in os.environ if 'AWS_' in name))")

    done = typed.type_in({"AWS_ACCESS_KEY_ID": "own", "PYTHONPATH": str(tmp_path)}, "keys")

    assert done == Typed(0, "['AWS_ACCESS_KEY_ID']\n", "")
