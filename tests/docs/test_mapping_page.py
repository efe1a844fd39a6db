"""The mapping page shows every key with an example that is read, and its opening example as well."""

import re
from pathlib import Path

import pytest

from model_code.etl.mapping import ColumnMapping
from model_code.etl.mapping_file import read_mapping
from model_code.etl.mapping_keys import KEYS

PAGE = (Path(__file__).resolve().parents[2] / "docs/mapping.md").read_text(encoding="utf-8")
BASE = {
    "currency": 'currency = "USD"',
    "columns": '[columns]\nmerchant = "m"\namount = "a"\ntransaction_date = "d"\ntransaction_id = "i"',
}


def read(tmp_path: Path, text: str) -> ColumnMapping:
    (tmp_path / "columns.toml").write_text(text)
    return read_mapping(tmp_path / "columns.toml")


@pytest.mark.parametrize("name", KEYS)
def test_each_keys_example_is_on_the_page_and_changes_what_is_read(name: str, tmp_path: Path) -> None:
    assert f"### `{name}`\n" in PAGE
    assert f"```toml\n{KEYS[name].example}\n```" in PAGE
    parts = BASE | {name: KEYS[name].example}
    if name == "columns":
        parts["currency"] += '\nids = "digest"'
    tables = {key: text for key, text in parts.items() if text.startswith("[")}
    text = "\n".join([*(text for key, text in parts.items() if key not in tables), *tables.values()])
    assert read(tmp_path, text) != read(tmp_path, "\n".join(BASE.values()))


def test_the_opening_example_is_a_mapping(tmp_path: Path) -> None:
    [text] = re.findall(r"```toml\n(currency = \"GBP\".*?)```", PAGE, re.DOTALL)
    mapping = read(tmp_path, text)
    assert (mapping.currency, mapping.ids, mapping.thresholds) == ("GBP", "digest", ())
