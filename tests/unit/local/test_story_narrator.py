"""The story's record must be true: what ended well, what failed, what was interrupted."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from local.story.narrator import Narrator


@pytest.fixture
def record(tmp_path: Path) -> Path:
    return tmp_path / "build" / "story.json"


def narrator(record: Path, total: int) -> tuple[Narrator, StringIO]:
    out = StringIO()
    return Narrator(record, total, Console(file=out, width=120)), out


def test_a_story_whose_every_step_ended_well_is_ok(record: Path) -> None:
    teller, out = narrator(record, 2)
    with teller.telling():
        for name in ("first", "second"):
            with teller.step(name, f"The {name} step") as facts:
                facts["told"] = f"{name} done"

    story = json.loads(record.read_text())
    assert story["status"] == "ok"
    assert [step["name"] for step in story["steps"]] == ["first", "second"]
    assert "The second step" in out.getvalue()
    assert "first done" in out.getvalue()


def test_a_story_that_lacks_a_step_is_never_ok(record: Path) -> None:
    teller, _ = narrator(record, 2)
    with teller.telling(), teller.step("first", "First"):
        pass

    assert json.loads(record.read_text())["status"] == "incomplete"


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("no such ledger"), "failed"), (KeyboardInterrupt(), "interrupted")]
)
def test_a_step_that_breaks_off_is_recorded_with_its_reason(record: Path, error: BaseException, status: str) -> None:
    teller, _ = narrator(record, 1)
    with pytest.raises(type(error)), teller.telling(), teller.step("first", "First"):
        raise error

    step = json.loads(record.read_text())["steps"][0]
    assert step["status"] == status
    assert str(error) in step["error"]


def test_the_record_is_there_before_the_story_ends(record: Path) -> None:
    teller, _ = narrator(record, 2)
    with teller.telling():
        with teller.step("first", "First") as facts:
            facts["rows"] = 7
        assert json.loads(record.read_text())["steps"][0]["facts"] == {"rows": 7}


def test_later_steps_read_the_facts_of_earlier_ones(record: Path) -> None:
    teller, _ = narrator(record, 1)
    with teller.telling(), teller.step("first", "First") as facts:
        facts["release"] = "r-by-alice-0"

    assert teller.facts("first")["release"] == "r-by-alice-0"
    with pytest.raises(KeyError):
        teller.facts("never-told")


def test_a_step_is_in_the_record_while_it_runs(record: Path) -> None:
    teller, _ = narrator(record, 1)
    with teller.telling(), teller.step("first", "First"):
        assert json.loads(record.read_text())["steps"][0]["status"] == "running"


def test_what_a_step_says_is_printed_as_it_is(record: Path) -> None:
    teller, out = narrator(record, 1)
    with teller.telling(), teller.step("first", "First") as facts:
        facts["told"] = "secret arn:aws:secretsmanager:x:secret:y of [tracking]"

    assert "arn:aws:secretsmanager:x:secret:y of [tracking]" in out.getvalue()
