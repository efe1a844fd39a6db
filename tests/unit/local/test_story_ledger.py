"""A ledger that can't be used is told of at once; one that can is taken with the mapping that fits it."""

from pathlib import Path

import pytest

from local.story.ledger import MAPPINGS, choose_ledger
from model_code.errors import InputError
from model_code.features.fields import FIELDS

TORONTO = "division,batch_txn_id,txn_date,post_date,merchant,amount,gl,gl_desc,cost_centre,mcc,mcc_desc,purpose"


def ledger(folder: Path, header: str, name: str = "my ledger.csv") -> Path:
    file = folder / name
    file.write_text(header + "\n")
    return file


def test_the_mapping_is_found_by_the_columns(tmp_path: Path) -> None:
    chosen = choose_ledger(ledger(tmp_path, TORONTO), None)

    assert chosen.mapping == MAPPINGS / "toronto.toml"
    assert chosen.inject


@pytest.mark.parametrize("labelled", [True, False])
def test_anomalies_are_injected_only_where_labels_lack(tmp_path: Path, *, labelled: bool) -> None:
    header = ",".join(name for name in FIELDS if labelled or name not in {"label", "kind"})
    chosen = choose_ledger(ledger(tmp_path, header), None)

    assert chosen.mapping is None
    assert chosen.inject is not labelled


@pytest.mark.parametrize(
    ("header", "mapping", "sentence"),
    [
        ("colour,shape", None, r"No known mapping fits the ledger's columns: toronto\.toml misses "),
        (
            "colour,shape",
            MAPPINGS / "toronto.toml",
            r"my ledger\.csv lacks the columns .*; the line that looks most like a header has colour, shape",
        ),
        ("", None, "my ledger.csv is empty"),
        (TORONTO, Path("gone.toml"), "There is no file gone.toml"),
    ],
)
def test_what_does_not_fit_is_refused_with_a_sentence(
    tmp_path: Path, header: str, mapping: Path | None, sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        choose_ledger(ledger(tmp_path, header), mapping)


def test_a_ledger_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*gone\.csv"):
        choose_ledger(tmp_path / "gone.csv", None)


def test_a_mapping_without_its_ledger_is_not_passed_over_in_silence() -> None:
    with pytest.raises(InputError, match="names the columns of a ledger: name that as well"):
        choose_ledger(None, MAPPINGS / "toronto.toml")
