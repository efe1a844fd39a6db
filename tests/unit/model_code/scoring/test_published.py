"""Columns as published keep their names, and none of them is lost to another of the same name."""

from model_code.etl.published import unique_names


def test_a_header_with_gaps_and_repeats_gets_a_name_for_each_column() -> None:
    assert unique_names(["id", "", "Name", "Name", " "]) == ["id", "column 2", "Name", "Name (2)", "column 5"]
