"""Reasons are sentences with units: how much, compared with what, since when; never a logarithm."""

from datetime import date
from typing import Any

import numpy as np
import pytest

from model_code.features.batch import BATCH_FEATURES
from model_code.features.build import LOG_UNIT
from model_code.features.table import COLUMNS
from model_code.features.views import BATCH, REALTIME, meanings
from model_code.scoring.groups import CENTRE, FACTS, FIRST, HERE, LARGEST, LAST, LOGS, NUMBER, OFFICE, PAIR, VENDOR_LONG
from model_code.scoring.purchase import Purchase, Setting
from model_code.scoring.sentences import TOPICS, comparisons, reasons
from model_code.scoring.values import EPOCH, told

LIMITS = [(date(1900, 1, 1), 3000.0)]
SETTING = Setting(date(2024, 1, 1), date(2026, 1, 31), LIMITS, meanings(REALTIME))


def day(text: str) -> int:
    return (date.fromisoformat(text) - EPOCH).days


def purchase(setting: Setting = SETTING, **changes: Any) -> Purchase:  # noqa: ANN401
    """A purchase without a history, but for the changes."""
    row: dict[str, Any] = dict.fromkeys(BATCH.columns, 0.0) | {"cost_centre": "CC-7"}
    row |= {group.column(fact): None for group, facts in FACTS.items() for fact in facts}
    row |= {"transaction_date": date(2026, 1, 31), "office": "Roads", "card": "C1", "merchant": "ACME", "mcc": "5085"}
    row |= {"amount": 412.5, "currency": "USD", "merchant_currency": "USD"}
    return Purchase(row | changes, setting)


def known(group: Any, number: int, usual: float, since: str) -> dict[str, Any]:  # noqa: ANN401
    """Facts of a group whose purchases were all of the same amount."""
    facts = {NUMBER: number, LOGS: number * np.log1p(usual) * LOG_UNIT, LARGEST: np.log1p(usual) * LOG_UNIT}
    facts |= {FIRST: day(since), LAST: day("2026-01-03")}
    return {group.column(fact): value for fact, value in facts.items()}


def sentence(given: Purchase, *features: str) -> list[str]:
    return list(reasons(given, features))


def test_an_amount_is_told_against_the_usual_one_since_a_month() -> None:
    given = purchase(**known(HERE, 14, 51.2, "2025-03-09"))
    (told_now,) = sentence(given, "office_merchant_unusual")
    assert told_now == (
        "412.50 USD, 8.1 times the usual purchase of this office at this vendor since 2025-03 "
        "(51.20 USD over 14 purchases)"
    )


def test_what_never_was_before_is_told_with_how_far_back_one_could_see() -> None:
    assert sentence(purchase(), "office_merchant_days_since") == [
        "412.50 USD, the first purchase by anyone at this vendor since 2024-01"
    ]
    elsewhere = purchase(**known(VENDOR_LONG, 9, 20, "2025-02-01"))
    assert sentence(elsewhere, "office_merchant_days_since", "office_merchant_unusual") == [
        "412.50 USD, the first purchase of this office at this vendor since 2024-01"
    ]


def test_a_number_is_not_compared_with_itself() -> None:
    """Read by somebody who doesn't know the project: "4 purchases in the 90 days before; 4 purchases since 2025-12"."""
    given = purchase(pair_number_90d=np.log1p(4), **known(PAIR, 4, 90, "2025-12-03"))
    assert sentence(given, "pair_number_90d") == [
        "4 purchases by this card at this vendor since 2025-12, all in the 90 days before"
    ]


def test_features_that_tell_the_same_are_told_once() -> None:
    given = purchase(**known(OFFICE, 3, 100, "2025-11-02"))
    assert len(sentence(given, "office_unusual", "amount_log", "office_unusual")) == 1


def test_what_two_features_tell_in_the_same_words_is_told_once() -> None:
    assert len(sentence(purchase(), "office_merchant_days_since", "merchant_days_since", "merchant_unusual")) == 1


def test_a_purchase_with_few_reasons_is_told_beside_others() -> None:
    given = purchase(mcc="", **known(OFFICE, 2, 100, "2025-11-02"), **known(VENDOR_LONG, 9, 20, "2025-02-01"))
    assert [text.partition(" since")[0] for text in comparisons(given)] == [
        "For comparison: 412.50 USD, 4.1 times the usual purchase of this office",
        "For comparison: 412.50 USD, 21 times the usual purchase at this vendor",
    ]


def test_counts_are_counts_and_no_logarithms() -> None:
    given = purchase(merchant_number_7d=np.log1p(5), **known(VENDOR_LONG, 40, 20, "2025-02-01"))
    assert sentence(given, "merchant_number_7d") == [
        "5 purchases at this vendor in the 7 days before; 40 purchases at this vendor since 2025-02"
    ]


def test_the_limit_is_the_one_in_force_that_day() -> None:
    setting = Setting(date(2024, 1, 1), date(2026, 1, 31), [*LIMITS, (date(2025, 10, 1), 15_000.0)], meanings(REALTIME))
    given = purchase(setting, amount=14_700.0, share_of_threshold=0.98)
    assert sentence(given, "share_of_threshold") == [
        "14,700.00 USD, 98 % of the limit for a single purchase (15,000.00 USD since 2025-10-01)"
    ]
    assert (
        sentence(purchase(Setting(date(2024, 1, 1), date(2026, 1, 31), [], meanings(REALTIME))), "share_of_threshold")
        == []
    )


def test_nothing_is_said_of_cards_and_codes_that_the_ledger_does_not_have() -> None:
    given = purchase(card="", mcc="")
    assert sentence(given, *(name for name in COLUMNS if name.startswith(("card_", "pair_")) or "mcc" in name)) == []


def test_a_flag_is_told_where_it_holds_alone() -> None:
    assert sentence(purchase(), "foreign", "weekend", "refund", "merchant_on_the_web") == []
    assert sentence(purchase(foreign=1.0, merchant_currency="EUR"), "foreign")[0].startswith(
        "The vendor charged in EUR, not in USD;"
    )


def test_a_feature_of_ones_own_is_told_by_its_meaning() -> None:
    own = {"meaning": "share of the office's VAT code", "unit": "share", "stored": "as it is"}
    setting = Setting(date(2024, 1, 1), date(2026, 1, 31), LIMITS, {**meanings(REALTIME), "vat_share": own})
    assert sentence(purchase(setting, vat_share=0.25), "vat_share") == ["Share of the office's VAT code: 25 %"]


@pytest.mark.parametrize("empty", [True, False])
@pytest.mark.parametrize("feature", COLUMNS)
def test_every_feature_has_a_sentence_that_says_how_much_and_since_when(feature: str, *, empty: bool) -> None:
    facts: dict[str, Any] = {}
    for group in () if empty else FACTS:
        facts |= {name: value for name, value in known(group, 4, 30, "2025-12-01").items() if name in purchase().row}
    flags = dict.fromkeys(("weekend", "foreign", "refund", "price_ending", "merchant_on_the_web"), 1.0)
    told_now = sentence(purchase(**facts, **flags, merchant_round_share=0.2), feature)
    assert len(told_now) == 1
    assert "ln(" not in told_now[0]
    assert told_now[0][0].isupper() or told_now[0][0].isdigit()
    by_meaning = feature not in {name for names in TOPICS for name in names}
    assert by_meaning or feature == "share_of_threshold" or "since 20" in told_now[0]


@pytest.mark.parametrize("feature", COLUMNS)
def test_every_value_is_told_in_its_unit(feature: str) -> None:
    about = SETTING.meanings[feature]
    words = told(about, 0.5, "USD")
    assert words.startswith(about["meaning"] + ": ")
    ending = {"money": "USD", "days": "days", "share": "%", "times": "times", "spreads": "above it", "yes or no": "yes"}
    assert words.endswith(ending.get(about["unit"], words[-1]))
    assert told(about, None).endswith("unknown")


def test_one_comparison_is_told_once_whatever_reasons_share_it() -> None:
    given = purchase(
        merchant_on_the_web=1.0, foreign=1.0, merchant_currency="EUR", **known(OFFICE, 2, 100, "2025-11-02")
    )
    usual = "412.50 USD, 4.1 times the usual purchase of this office since 2025-11 (100.00 USD over 2 purchases)"
    found = sentence(given, "merchant_on_the_web", "amount_log", "foreign")
    assert found == [
        f"The vendor's name looks like a web shop's or a payment service's; {usual}",
        "The vendor charged in EUR, not in USD",
    ]
    assert list(comparisons(given, found)) == [
        "For comparison: 412.50 USD, the first purchase by anyone at this vendor since 2024-01",
        "For comparison: 412.50 USD, the first purchase under this category code since 2025-11",
    ]


def test_money_that_comes_back_is_called_a_refund_and_has_no_minus() -> None:
    given = purchase(amount=-138.8, refund=1.0, **known(OFFICE, 2, 40, "2025-11-02"))
    assert sentence(given, "amount_log", "card_unusual") == [
        (
            "A refund of 138.80 USD, 3.5 times the usual purchase of this office since 2025-11 "
            "(40.00 USD over 2 purchases)"
        ),
        "A refund of 138.80 USD, the first purchase by this card since 2025-11",
    ]


SEEN = Setting(date(2024, 1, 1), date(2026, 2, 15), LIMITS, meanings(BATCH))
SETTING_OF_BATCH = Setting(date(2024, 1, 1), date(2026, 1, 31), LIMITS, meanings(BATCH))
AROUND = [feature.name for feature in BATCH_FEATURES]


@pytest.mark.parametrize("feature", AROUND)
def test_what_lies_around_a_purchase_is_told_with_the_amount_against_the_usual_one(feature: str) -> None:
    given = purchase(SEEN, **known(CENTRE, 4, 30, "2025-12-01"), **known(OFFICE, 4, 30, "2025-12-01"))
    (told_now,) = sentence(given, feature)
    assert "412.50 USD" in told_now
    assert "since 20" in told_now or "on 20" in told_now


def test_what_never_came_again_is_told_with_how_far_one_could_see() -> None:
    here = known(OFFICE, 4, 30, "2025-12-01")
    never = purchase(SEEN, merchant_days_until=1096.0, centre_merchant_days_until=1096.0, **here)
    assert [
        text.partition(";")[0] for text in sentence(never, "merchant_days_until", "centre_merchant_days_until")
    ] == [
        "Nobody bought at this vendor again on a later day until 2026-02-15",
        "Nobody of this cost centre bought at this vendor again on a later day until 2026-02-15",
    ]
    (soon,) = sentence(purchase(SEEN, merchant_days_until=3.0, **here), "merchant_days_until")
    assert soon.startswith("Somebody bought at this vendor again 3 days later, on 2026-02-03; 412.50 USD, 14 times")


def test_of_a_purchase_on_the_last_known_day_nothing_is_said_of_later_ones() -> None:
    last = purchase(SETTING_OF_BATCH, merchant_days_until=1096.0, centre_merchant_days_until=1096.0)
    assert sentence(last, "merchant_days_until", "centre_merchant_days_until") == []


def test_one_day_is_told_as_one_day() -> None:
    given = purchase(SEEN, centre_merchant_days_until=1.0, centre_merchant_days_since=1.0)
    assert [text.partition(";")[0] for text in sentence(given, *AROUND[6:8])] == [
        "412.50 USD, 1 day after the last purchase of this cost centre at this vendor, on 2026-01-30",
        "This cost centre bought at this vendor again 1 day later, on 2026-02-01",
    ]


def test_without_an_office_no_sentence_speaks_of_one() -> None:
    flags = dict.fromkeys(("weekend", "foreign", "refund", "price_ending", "merchant_on_the_web"), 1.0)
    given = purchase(SEEN, office="", **flags, **known(VENDOR_LONG, 9, 20, "2025-02-01"))
    told_now = [text for feature in BATCH.columns for text in sentence(given, feature)] + list(comparisons(given))
    assert not [text for text in told_now if "this office" in text.casefold()]
    assert sentence(given, "weekend") == [
        (
            "Bought on a Saturday; 412.50 USD, 21 times the usual purchase at this vendor since 2025-02 "
            "(20.00 USD over 9 purchases)"
        )
    ]


def test_what_never_was_before_of_a_cost_centre_is_told_since_when() -> None:
    given = purchase(SEEN, centre_merchant_days_since=1096.0, centre_same_amount_days_since=12.0)
    assert sentence(given, "centre_merchant_days_since", "centre_same_amount_days_since") == [
        "412.50 USD, the first purchase of this cost centre at this vendor since 2024-01",
        (
            "412.50 USD, 12 days after the last purchase of exactly this amount of this cost centre at this vendor, on "
            "2026-01-19"
        ),
    ]


def test_of_a_purchase_without_a_cost_centre_nothing_is_said_of_cost_centres() -> None:
    assert sentence(purchase(SEEN, cost_centre=""), *(name for name in AROUND if name.startswith("centre_"))) == []


def test_how_long_nobody_bought_there_is_told_in_days_with_the_last_one() -> None:
    given = purchase(**known(HERE, 3, 30, "2025-12-01"), **known(VENDOR_LONG, 5, 30, "2025-11-01"))
    assert sentence(given, "office_merchant_days_since", "merchant_days_since") == [
        "This office had not bought at this vendor for 28 days, last on 2026-01-03 (3 purchases since 2025-12)",
        "Nobody had bought at this vendor for 28 days, last on 2026-01-03 (5 purchases since 2025-11)",
    ]
