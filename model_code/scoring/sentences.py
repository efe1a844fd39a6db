"""Reasons as sentences: how much, compared with what, since when. One sentence a topic, whatever shares it."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from model_code.scoring import own
from model_code.scoring.groups import (
    CARD,
    CENTRE,
    CODE,
    HERE,
    OFFICE,
    PAIR,
    SAME_HERE,
    SAME_PAIR,
    SAME_VENDOR,
    VENDOR,
    VENDOR_LONG,
    YEARS,
)
from model_code.scoring.purchase import Purchase
from model_code.scoring.tellers import (
    Teller,
    again,
    away,
    before,
    card_pace,
    counted,
    flag,
    largest,
    limit,
    office_code,
    roundness,
    same_amount,
    share_there,
    spent,
    under_code,
    usual,
    weekend,
    year_of_amount,
)
from model_code.scoring.values import told

_card = partial(counted, short="by this card", group=CARD)
_vendor = partial(counted, short="at this vendor", group=VENDOR_LONG)
TOPICS: Mapping[tuple[str, ...], Teller] = {
    ("amount_log", "office_unusual"): usual(OFFICE),
    ("office_merchant_unusual",): usual(HERE),
    ("card_unusual",): usual(CARD),
    ("card_above_largest",): largest(CARD),
    ("merchant_unusual_long", "merchant_unusual"): usual(VENDOR_LONG),
    ("merchant_above_largest",): largest(VENDOR),
    ("mcc_unusual",): usual(CODE),
    ("refund",): flag("refund", lambda _: "Money comes back"),
    ("share_of_threshold",): limit,
    ("roundness",): roundness,
    ("price_ending",): flag("price_ending", lambda _: "The amount ends like a shop's price"),
    ("weekend",): weekend,
    ("merchant_on_the_web",): flag(
        "merchant_on_the_web", lambda _: "The vendor's name looks like a web shop's or a payment service's"
    ),
    ("foreign",): flag(
        "foreign", lambda p: f"The vendor charged in {p.row['merchant_currency']}, not in {p.row['currency']}"
    ),
    ("card_number_1d",): _card("card_number_1d", 1),
    ("card_number_3d",): _card("card_number_3d", 3),
    ("card_number_30d",): _card("card_number_30d", 30),
    ("card_pace",): card_pace,
    ("card_spend_7d",): spent("card_spend_7d", 7, "by this card", CARD),
    ("card_spend_30d",): spent("card_spend_30d", 30, "by this card", CARD),
    ("card_mcc_number",): counted("card_mcc_number", 90, "by this card under this category code", CARD),
    ("office_mcc_share", "office_mcc_number"): office_code,
    ("office_merchant_days_since", "office_merchant_number"): away("This office had not bought", HERE),
    ("office_merchant_spend_5d",): spent("office_merchant_spend_5d", 5, "by this office at this vendor", HERE),
    ("office_same_amount_15d", "office_same_amount_days_since"): same_amount(SAME_HERE),
    ("merchant_number_7d",): _vendor("merchant_number_7d", 7),
    ("merchant_number_30d",): _vendor("merchant_number_30d", 30),
    ("merchant_number_90d",): _vendor("merchant_number_90d", 90),
    ("merchant_days_since",): away("Nobody had bought", VENDOR_LONG),
    ("merchant_round_share",): share_there("merchant_round_share", "whole hundreds"),
    ("merchant_weekend_share",): share_there("merchant_weekend_share", "made at weekends"),
    ("merchant_mcc_share_long",): under_code("merchant_mcc_share_long", VENDOR_LONG),
    ("merchant_mcc_share",): under_code("merchant_mcc_share", VENDOR),
    ("amount_number",): year_of_amount,
    ("pair_number_5d",): counted("pair_number_5d", 5, "by this card at this vendor", PAIR),
    ("pair_number_90d", "pair_days_since"): counted("pair_number_90d", 90, "by this card at this vendor", PAIR),
    ("pair_spend_5d",): spent("pair_spend_5d", 5, "by this card at this vendor", PAIR),
    ("same_amount_15d", "same_amount_90d"): same_amount(SAME_VENDOR),
    ("pair_same_amount_15d",): same_amount(SAME_PAIR),
    ("centre_merchant_days_until",): again(
        "centre_merchant_days_until", "This cost centre", "Nobody of this cost centre"
    ),
    ("merchant_days_until",): again("merchant_days_until", "Somebody", "Nobody"),
    ("centre_merchant_days_since",): before(
        "centre_merchant_days_since", YEARS, "purchase of this cost centre at this vendor"
    ),
    ("centre_same_amount_days_since",): before(
        "centre_same_amount_days_since", 90, "purchase of exactly this amount of this cost centre at this vendor"
    ),
}
"""Features that tell the same, and how; a feature that stands nowhere here is told by its meaning and value."""
_TOPIC = {feature: names for names in TOPICS for feature in names}
_NEEDS = {"card": ("card_", "pair_"), "cost_centre": ("centre_",), "office": ("office_",)}

_BESIDE = {"centre_": CENTRE, "merchant_": VENDOR_LONG}
"""What is told beside the value of a feature that has no words of its own."""


def reasons(purchase: Purchase, features: Sequence[str]) -> Iterator[str]:
    """Sentences for these features, the weightiest first; none tells what another told, or of what the row lacks."""
    told_topics: set[tuple[str, ...]] = set()
    said: set[str] = set()
    for feature in features:
        topic = _TOPIC.get(feature, (feature,))
        mine = feature in purchase.setting.own
        if topic in told_topics or not (mine or _applies(purchase, feature)):
            continue
        teller = TOPICS.get(topic)
        if mine:
            sentence = own.sentence(purchase, feature)
        else:
            sentence = teller(purchase) if teller else _generic(purchase, feature)
        if sentence and (unsaid := _unsaid(sentence, said)):
            told_topics.add(topic)
            yield unsaid


def _unsaid(sentence: str, said: set[str]) -> str:
    """What of a sentence no other one said; `said` learns it."""
    parts = [part for part in sentence.split("; ") if part.casefold() not in said]
    said |= {part.casefold() for part in parts}
    whole = "; ".join(parts)
    return whole[:1].upper() + whole[1:]


def comparisons(purchase: Purchase, found: Sequence[str] = ()) -> Iterator[str]:
    """What a purchase is like beside others, where few reasons were `found`: no reasons, and nothing that those say."""
    for group in (*([OFFICE] if purchase.row["office"] else []), VENDOR_LONG, *([CODE] if purchase.row["mcc"] else [])):
        compared = purchase.against_usual(group)
        if not any(compared.casefold() in reason.casefold() for reason in found):
            yield f"For comparison: {compared}"


def _applies(purchase: Purchase, feature: str) -> bool:
    """Without a card there is nothing to say of cards, without a code, office or cost centre nothing of those."""
    if any(feature.startswith(begins) and not purchase.row[name] for name, begins in _NEEDS.items()):
        return False
    return bool(purchase.row["mcc"]) or "mcc" not in feature


def _generic(purchase: Purchase, feature: str) -> str:
    sentence = told(purchase.setting.meanings[feature], purchase.row[feature], purchase.row["currency"])
    beside = [group for begins, group in _BESIDE.items() if feature.startswith(begins)]
    return "; ".join([f"{sentence[:1].upper()}{sentence[1:]}", *map(purchase.against_usual, beside)])
