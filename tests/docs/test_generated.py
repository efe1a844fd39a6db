"""The generated parts of the documents say what the code says."""

from pathlib import Path

import pytest

from compliance.documents import BLOCKS, ROOT, StaleDocumentError, generated, settings_reference, stale
from stacks.settings import Settings


def test_no_generated_part_is_stale() -> None:
    pages = [str(path.relative_to(ROOT)) for path, _ in stale(ROOT)]
    assert not pages, f"{', '.join(pages)}: run `python -m compliance.documents`"


@pytest.mark.parametrize("block", BLOCKS)
def test_every_generated_part_is_used_and_not_empty(block: str) -> None:
    pages = [page.read_text() for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]]
    assert any(f"<!-- generated: {block} -->" in page for page in pages)
    assert len(BLOCKS[block](ROOT).splitlines()) >= 3  # head, rule and a row


def test_every_setting_is_described() -> None:
    rows = [line for line in settings_reference(ROOT).splitlines() if line.startswith("| `")]
    fields = sum(len(model.get("properties", {})) for model in Settings.model_json_schema()["$defs"].values())
    assert len(rows) == fields
    assert not [row for row in rows if row.endswith("|  |")]


def test_a_changed_part_is_stale_until_written(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "Makefile").write_text("check: setup ## look at everything\n")
    page = tmp_path / "CONTRIBUTING.md"
    page.write_text("before\n<!-- generated: make-targets -->\nold\n<!-- end -->\nafter\n")

    [(path, text)] = stale(tmp_path)
    path.write_text(text)

    assert "| `make check` | look at everything |" in text
    assert (text.startswith("before\n"), text.endswith("after\n"), "old" in text) == (True, True, False)
    assert not list(stale(tmp_path))


def test_an_unknown_part_is_refused() -> None:
    with pytest.raises(StaleDocumentError, match="nobody writes 'moon-phases'"):
        generated("<!-- generated: moon-phases -->\n<!-- end -->", ROOT)
