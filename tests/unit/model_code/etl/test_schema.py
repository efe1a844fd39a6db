"""What the declared schema promises beyond single rows: first reasons, no neighbour's influence, no silent check."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.etl.amounts import parse_amount
from model_code.etl.mapping import ColumnMapping
from model_code.etl.reading import RawRow
from model_code.etl.validation import Checked, ledger_schema, validate
from model_code.features.fields import FIELDS
from tests.unit.model_code.etl.test_validation import GOOD, TODAY, check

# In the order in which they count.
WRONG = {
    "merchant": (" ", "missing merchant"),
    "currency": ("CAD", "currency is not USD"),
    "amount": ("1e12", "amount is no number"),
    "transaction_date": ("2099-01-01", "transaction_date is in the future"),
    "posting_date": ("soon", "posting_date is no date"),
    "label": ("perhaps", "label is neither yes nor no"),
}
values = st.sampled_from(["", " ", *GOOD.values(), *(value for value, _ in WRONG.values())])
mixed = st.lists(
    st.builds(lambda wrong: GOOD | wrong, st.dictionaries(st.sampled_from(list(GOOD)), values)), max_size=4
)


def reasons_by_line(parts: list[Checked]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for part in parts for row in part.quarantined]


@pytest.mark.long
@settings(max_examples=30)
@given(wrong=st.sets(st.sampled_from(list(WRONG)), min_size=1))
def test_of_several_reasons_the_first_counts(wrong: set[str]) -> None:
    [row] = check(GOOD | {name: WRONG[name][0] for name in wrong}).quarantined
    assert row.reason == next(reason for name, (_, reason) in WRONG.items() if name in wrong)


@pytest.mark.long
@settings(max_examples=30)
@given(rows=mixed)
def test_a_row_is_judged_and_read_the_same_in_any_company(rows: list[dict[str, str]]) -> None:
    raw = [RawRow(line, list(row.values())) for line, row in enumerate(rows, 2)]

    def judged(some: list[RawRow]) -> list[Checked]:
        return list(validate(some, list(GOOD), ColumnMapping(), today=TODAY))

    together, alone = judged(raw), [part for row in raw for part in judged([row])]
    assert reasons_by_line(together) == reasons_by_line(alone)
    if alone:
        apart = pd.concat([part.accepted for part in alone], ignore_index=True)
        pd.testing.assert_frame_equal(together[0].accepted, apart)


def test_accepted_parts_have_the_same_types_whatever_is_in_them() -> None:
    none, some = check(GOOD | {"amount": ""}).accepted, check(GOOD).accepted
    assert list(none.columns) == ["line", *FIELDS]
    assert none.dtypes.to_dict() == some.dtypes.to_dict()


def test_the_schema_names_each_check_by_its_reason() -> None:
    schema = ledger_schema(ColumnMapping(), today=TODAY)
    named = [check.error for column in schema.columns.values() for check in column.checks]
    known = [reason for _, reason in WRONG.values()]
    assert [reason for reason in named if reason in known] == known
    assert len(named) == len(set(named))


def test_a_check_that_breaks_stops_the_job_instead_of_passing_rows() -> None:
    # Python's strptime can't read a format that names the day twice.
    mapping = ColumnMapping(date_formats=("%d/%d",))
    with pytest.raises(Exception, match=r"CHECK_ERROR(?s:.*)redefinition of group name"):
        check(GOOD | {"transaction_date": "01/02"}, mapping=mapping)


def test_a_constant_that_is_no_label_is_a_reason() -> None:
    columns = {name: (name,) for name in GOOD if name != "label"}
    [row] = check(GOOD, mapping=ColumnMapping(columns=columns, constants={"label": "perhaps"})).quarantined
    assert row.reason == "label is neither yes nor no"


@pytest.mark.parametrize(
    ("text", "amount"),
    [("$-12.50", -12.5), ("-$12.50", -12.5), ("$ -1,234.50", -1234.5), ("$+7", 7), ("($-3)", None), ("-$-3", None)],
)
def test_the_sign_stands_before_or_after_the_dollar(text: str, amount: float | None) -> None:
    assert parse_amount(text) == amount


def test_a_day_is_what_the_ledger_says_in_its_own_format() -> None:
    accepted = check(GOOD | {"posting_date": "31/01/2026"}, mapping=ColumnMapping(date_formats=("%d/%m/%Y",))).accepted
    assert accepted.loc[0, "posting_date"].date() == date(2026, 1, 31)
