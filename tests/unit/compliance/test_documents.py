"""The command that writes the generated parts of the documents, or says which are stale."""

import sys
from pathlib import Path

import pytest

from compliance import documents

STALE = "<!-- generated: make-targets -->\nold\n<!-- end -->\n"


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one stale page."""
    monkeypatch.setattr(documents, "ROOT", tmp_path)
    monkeypatch.setattr(sys, "argv", ["documents"])
    (tmp_path / "docs").mkdir()
    (tmp_path / "Makefile").write_text("check: setup ## look at a|b\n")
    page = tmp_path / "docs" / "page.md"
    page.write_text(STALE)
    return page


def test_a_stale_page_is_written_and_then_right(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [documents.main(), documents.main()] == [0, 0]
    assert capsys.readouterr().out == "written: docs/page.md\n"
    assert r"| `make check` | look at a\|b |" in page.read_text()


def test_a_check_names_the_stale_page_and_leaves_it(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["documents", "--check"])
    assert documents.main() == 1
    assert capsys.readouterr().out == "stale: docs/page.md\n"
    assert page.read_text() == STALE


def test_a_check_of_right_pages_is_quiet(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page.write_text("nothing generated\n")
    monkeypatch.setattr(sys, "argv", ["documents", "--check"])
    assert documents.main() == 0
    assert capsys.readouterr().out == ""


def test_an_acceptance_that_no_stack_uses_is_shown_as_unused(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "buckets.py").write_text("because=NO_REPLICATION")
    rows = {line.split("`")[1]: line for line in documents.accepted_findings(tmp_path).splitlines()[2:]}
    assert rows["NO_REPLICATION"].endswith("| `stacks/buckets.py` |")
    assert rows["LITERAL_ZONES"].endswith("| nowhere |")
    assert "| 2027-" in rows["LITERAL_ZONES"]
