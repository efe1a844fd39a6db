"""Records with backslashes before their quotation marks, as Spark writes them, come back as they were."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.etl.counting import survey
from model_code.etl.escapes import escaped_records
from model_code.etl.mapping import ColumnMapping, Form
from model_code.etl.reading import open_ledger

VALUES = st.text(st.sampled_from('a",;\\ é'), max_size=8)


def spark(values: list[str], separator: str) -> str:
    """A line as Spark's writer makes it: a value with a mark, a separator or a backslash stands in marks, escaped."""

    def written(value: str) -> str:
        if not any(sign in value for sign in ('"', separator, "\\")):
            return value
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'

    return separator.join(map(written, values))


@given(rows=st.lists(st.lists(VALUES, min_size=2, max_size=4), min_size=1, max_size=5), separator=st.sampled_from(",;"))
def test_what_spark_writes_is_read_back_and_counted(rows: list[list[str]], separator: str) -> None:
    text = "".join(f"{spark(values, separator)}\n" for values in rows)
    read = [values for _, values in escaped_records(io.StringIO(text, newline=""), separator)]
    assert read == [values if any(values) or len(values) > 1 else [] for values in rows]
    counted = survey([text.encode()], separator, backslashes=True)
    assert (counted.fault, counted.records) == (None, len(rows))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_value_may_run_over_lines_and_the_next_record_knows_its_line(end: str) -> None:
    text = f'a,"one{end}two \\" three",c{end}{end}d,e,f{end}'
    read = list(escaped_records(io.StringIO(text, newline=""), ","))
    assert read == [(1, ["a", f'one{end}two " three', "c"]), (3, []), (4, ["d", "e", "f"])]


def test_a_ledger_of_spark_is_read_whole_with_a_mark_in_every_tenth_row(tmp_path: Path) -> None:
    rows = [["id", "note", "amount"]]
    rows += [[f"T{n}", 'MONITOR 27"' if n % 10 == 0 else "cable", f"{n}.50"] for n in range(1000)]
    (tmp_path / "spark.csv").write_text("".join(f"{spark(row, ',')}\n" for row in rows))
    mapping = ColumnMapping(columns={"transaction_id": ("id",)}, form=Form(backslashes=True))
    with open_ledger(tmp_path / "spark.csv", mapping, declared=True) as ledger:
        assert [row.values for row in ledger.rows] == rows[1:]
