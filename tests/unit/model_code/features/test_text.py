"""What a vendor's name says: surprise, and names that are nearly the same."""

import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.features.fields import FIELDS, Moment
from model_code.features.text import (
    REALTIME_TEXTS,
    CodeModel,
    gram_table,
    grams,
    near_duplicates,
    pieces,
    surprises,
    without_order_code,
)

NAMES = pd.Series(["ACME OFFICE SUPPLY #1", "ACME OFFICE SUPPLY #2", "GRAND HOTEL", "SEASIDE HOTEL"] * 20)
CODES = pd.Series(["5943", "5943", "7011", "7011"] * 20)


def test_no_text_that_is_typed_afterwards_is_read_in_real_time() -> None:
    assert REALTIME_TEXTS == ("merchant",)
    assert FIELDS["description"].available_at > Moment.AUTHORISATION


@given(st.text(max_size=30))
def test_grams_ignore_case_space_and_numbers(name: str) -> None:
    assert grams(f" {name.upper()}  12 ") == grams(f"{name.upper()} 345")
    assert gram_table([name]).sum() == len(grams(name))


def test_a_code_that_does_not_fit_the_name_surprises() -> None:
    model = CodeModel.fit(NAMES, CODES)
    names = pd.Series(["ACME OFFICE SUPPLY #77", "ACME OFFICE SUPPLY #77", "PARK HOTEL", "PARK HOTEL", "PARK HOTEL"])
    odd = model.surprise(names, pd.Series(["5943", "7011", "7011", "5943", "9999"]))
    assert max(odd[0], odd[2]) < 0.1
    assert min(odd[1], odd[3]) > 1
    assert odd[4] >= odd[3]


def test_nothing_of_a_later_period_changes_what_is_learnt() -> None:
    parts = {"train": pd.DataFrame({"merchant": NAMES, "mcc": CODES})}
    later = pd.DataFrame({"merchant": ["GRAND HOTEL"] * 5, "mcc": ["5943"] * 5})
    other = pd.DataFrame({"merchant": ["ACME OFFICE SUPPLY #9"] * 5, "mcc": ["7011"] * 5})
    first, second = (surprises({**parts, "test": part}) for part in (later, pd.concat([later, other])))
    assert np.array_equal(first["train"], second["train"])
    assert np.array_equal(first["test"], second["test"][:5])


def test_a_training_row_is_not_its_own_evidence() -> None:
    """One hotel charges once as an office supplier: its own row would make that less odd."""
    train = pd.DataFrame({"merchant": NAMES, "mcc": CODES})
    train.loc[2, "mcc"] = "5943"
    own = surprises({"train": train})["train"]
    seen = CodeModel.fit(train["merchant"], train["mcc"]).surprise(train["merchant"], train["mcc"])
    assert own[2] > seen[2]


def test_nearly_the_same_vendor_is_found_and_another_is_not() -> None:
    names = [
        "ACME OFFICE SUPPLY #0012",
        "ACME  OFFICE SUPPLY 13",
        "ACME OFFICE SUPPLYS #9",
        "ACME HOTEL",
        "ZEBRA SUPPLY #0012",
    ]
    twins = near_duplicates(names)
    assert twins["ACME OFFICE SUPPLYS #9"] == "ACME OFFICE SUPPLY #0012"
    assert twins["ACME HOTEL"] == "ACME HOTEL"
    assert twins["ZEBRA SUPPLY #0012"] == "ZEBRA SUPPLY #0012"


@given(st.lists(st.text(alphabet="ABC 1", min_size=1, max_size=12), unique=True))
def test_every_name_stands_for_itself_or_for_one_that_came_before(names: list[str]) -> None:
    twins = near_duplicates(names)
    assert list(twins) == names
    for place, name in enumerate(names):
        assert twins[name] in names[: place + 1]
        assert twins[twins[name]] == twins[name]


def every_pair(names: list[str], alike: float = 0.75) -> dict[str, str]:
    """The same by comparing each name with all that came before."""
    sets = {name: pieces(without_order_code(name)) for name in names}
    beginning = {name: "".join(filter(str.isalpha, name.upper()))[:4] for name in names}
    chosen: dict[str, str] = {}
    for name in names:
        firsts = [first for first in chosen if chosen[first] == first and beginning[first] == beginning[name]]
        twins = [f for f in firsts if len(sets[name] & sets[f]) >= alike * len(sets[name] | sets[f])]
        chosen[name] = twins[0] if twins else name
    return chosen


@given(
    st.lists(st.text(alphabet="AB *#12", min_size=1, max_size=14), unique=True, max_size=30),
    st.sampled_from([0.5, 0.75, 0.9]),
)
def test_looking_at_rare_grams_alone_finds_the_twins_that_comparing_all_pairs_finds(
    names: list[str], alike: float
) -> None:
    assert near_duplicates(names, alike=alike) == every_pair(names, alike)


def test_codes_of_orders_are_no_names() -> None:
    names = ["AMZN MKTP US*2K4AB3RT0", "AMZN MKTP US*MI8MC0GS0", "PAYPAL *EBAY123", "PAYPAL *SELLERS99", "SQ *COFFEE"]
    assert [without_order_code(name) for name in names] == ["AMZN MKTP US*0", "AMZN MKTP US*0", *names[2:]]
    assert near_duplicates(names)[names[1]] == names[0]


@pytest.mark.long
@pytest.mark.parametrize("letters", ["ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"])
def test_four_times_the_names_that_begin_alike_take_little_more_than_four_times_as_long(letters: str) -> None:
    random = np.random.default_rng(3)
    names = [f"AMZN MKTP US*{''.join(random.choice(list(letters), 9))}" for _ in range(16_000)]
    seconds = []
    for count in (4_000, 16_000):
        began = time.process_time()
        near_duplicates(names[:count])
        seconds.append(time.process_time() - began)
    assert seconds[1] < 6 * seconds[0], seconds  # quadratic: 16 times; all that share a rare gram compared: 8
    assert seconds[1] < 10
