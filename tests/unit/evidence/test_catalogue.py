"""The foreign book of questions is whole, and read as NIST and FedRAMP wrote it."""

from collections import Counter
from pathlib import Path

import pytest

from evidence.catalogue import Catalogue, CatalogueError, name_of, read


def test_moderate_has_1388_statements_of_323_controls(catalogue: Catalogue) -> None:
    assert len(catalogue.statements) == 1388
    assert len({each.control for each in catalogue.statements.values()}) == 323


def test_moderate_has_688_parts_and_each_is_assessed(catalogue: Catalogue) -> None:
    assert len(catalogue.parts) == 688
    assert [name for name, ids in catalogue.parts.items() if not ids] == []


def test_every_statement_assesses_one_part_but_four_that_assess_words_above_the_first(catalogue: Catalogue) -> None:
    counted = Counter(each for ids in catalogue.parts.values() for each in ids)
    assert set(counted.values()) == {1}
    assert set(catalogue.statements) - set(counted) == {"ca-7_obj-1", "ca-7_obj-2", "cm-9_obj-1", "cm-9_obj-2"}


def test_236_statements_are_of_controls_that_a_system_implements(catalogue: Catalogue) -> None:
    assert sum(each.by_system for each in catalogue.statements.values()) == 236


def test_a_statement_below_another_is_assessed_as_the_one_above_says(catalogue: Catalogue) -> None:
    assert "TEST" in catalogue.statements["sc-7_obj.b"].methods
    assert catalogue.statements["ac-3_obj"].methods == ("INTERVIEW", "TEST")


def test_words_keep_the_parameters_that_somebody_sets(catalogue: Catalogue) -> None:
    assert catalogue.statements["ac-12_obj"].words.endswith("after [ac-12_odp].")


def test_controls_are_written_as_people_write_them() -> None:
    assert [name_of(each) for each in ("sc-7", "sc-28.1")] == ["SC-7", "SC-28(1)"]


def test_a_missing_catalogue_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="make catalogue"):
        read(tmp_path)
