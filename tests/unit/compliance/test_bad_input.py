"""The tables of bad input say what the code says."""

import re
from pathlib import Path

import pytest

from compliance import bad_input
from model_code.errors import InputError
from model_code.etl.mapping import ColumnMapping
from model_code.etl.periods import split_by_time
from model_code.etl.reading import RawRow, open_ledger
from model_code.etl.validation import validate
from tests.unit.model_code.etl.test_validation import GOOD, TODAY

ROOT = Path(__file__).resolve().parents[3]


def patterns(rows: list[tuple[str, ...]]) -> list[str]:
    """Each text as a pattern: anything may stand where braces do."""
    return [re.sub(r"\\\{[^}]*\\\}", ".*", re.escape(row[-1].strip("`"))) for row in rows]


@pytest.mark.parametrize(
    "change",
    [
        {"merchant": ""},
        {"amount": ""},
        {"amount": "1e12"},
        {"amount": "9999999999"},
        {"currency": "CAD"},
        {"amount": "€5"},
        {"transaction_date": "?"},
        {"transaction_date": "2099-01-01"},
        {"transaction_date": "1900-01-01"},
        {"posting_date": "?"},
        {"label": "2"},
    ],
)
def test_each_reason_that_a_row_gets_stands_in_the_table(change: dict[str, str]) -> None:
    row = RawRow(2, list((GOOD | change).values()))
    [checked] = validate([row], list(GOOD), ColumnMapping(), today=TODAY)
    [reason] = [each.reason for each in checked.quarantined]
    assert any(re.fullmatch(pattern, reason) for pattern in patterns(bad_input.set_aside(ROOT)[1])), reason


def test_each_refusal_stands_in_the_table(tmp_path: Path) -> None:
    (tmp_path / "ledger.csv.gz").write_bytes(b"no gzip")
    (tmp_path / "ledger.csv").write_bytes(b"")
    known = patterns(bad_input.refused(ROOT)[1])
    for refuse in (
        lambda: open_ledger(tmp_path / "ledger.csv.gz").__enter__(),
        lambda: open_ledger(tmp_path / "ledger.csv").__enter__(),
        lambda: open_ledger(tmp_path / "ledger.txt").__enter__(),
        lambda: split_by_time({TODAY: 5}),
    ):
        with pytest.raises(InputError) as refused:
            refuse()
        assert any(re.fullmatch(pattern, str(refused.value)) for pattern in known), refused.value


def test_no_reason_and_no_refusal_is_left_out() -> None:
    room = ROOT / "model_code"
    texts = [path.read_text() for path in (*room.glob("etl/*.py"), room / "container/etl.py", room / "hosts.py")]
    refused = [row for row in bad_input.refused(ROOT)[1] if row[0] == "`etl`"]
    said_here = r"InputError\((?!\w+\[)"  # what was said elsewhere is handed on as a list's first
    assert len(refused) == sum(len(re.findall(said_here, text)) for text in texts)
    checks = [check for text in texts for check in re.findall(r'\b_must\((?:f?"|[A-Z])', text)]
    assert len(bad_input.set_aside(ROOT)[1]) == len(checks) + len(["blank", "remark", "again", "shifted", "duplicate"])
