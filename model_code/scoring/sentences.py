"""Reasons as sentences: how much, compared with what, since when. One sentence a topic, whatever shares it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeAlias

from model_code.scoring import own
from model_code.scoring.groups import (
    CARD,
    CODE,
    HERE,
    OFFICE,
    OFFICE_CODE,
    OFFICE_LONG,
    PAIR,
    SAME_HERE,
    SAME_PAIR,
    SAME_VENDOR,
    VENDOR,
    VENDOR_LONG,
    WEEKENDS,
    Group,
)
from model_code.scoring.purchase import Purchase
from model_code.scoring.values import day_of, money, percent, purchases, times, told

Teller: TypeAlias = Callable[[Purchase], str | None]
"""A sentence about a purchase; None where there is nothing to say."""
_HUNDREDS = 4
"""Zeros of whole hundreds, those of the cents among them."""


def usual(group: Group) -> Teller:
    """The amount against the group's usual one."""
    return lambda purchase: purchase.against_usual(group)


def largest(group: Group) -> Teller:
    """The amount against the group's largest one."""
    return lambda purchase: purchase.against_largest(group)


def counted(feature: str, days: int, short: str, group: Group) -> Teller:
    """How many purchases a few days had, against what is known of the longer time."""

    def tell(purchase: Purchase) -> str:
        if not purchase.number(group):
            return purchase.first_of(group)
        recent = purchases(purchase.feature(feature)).capitalize()
        span = "the day before" if days == 1 else f"the {days} days before"
        known = f"{purchases(purchase.number(group))} {group.words} since {purchase.since(group)}"
        return f"{recent} {short} in {span}; {known}"

    return tell


def spent(feature: str, days: int, short: str, group: Group) -> Teller:
    """What was spent within a few days, beside this purchase."""

    def tell(purchase: Purchase) -> str:
        before = money(purchase.feature(feature), purchase.row["currency"])
        return f"{before} spent {short} in the {days} days before; this is {purchase.against_usual(group)}"

    return tell


def away(words: str, group: Group) -> Teller:
    """How long nobody bought there."""

    def tell(purchase: Purchase) -> str:
        if not purchase.number(group):
            return purchase.first_of(group)
        last = purchase.last(group)
        return (
            f"{words} last bought at this vendor {purchase.day - last:,.0f} days before, on {day_of(last)} "
            f"({purchases(purchase.number(group))} since {purchase.since(group)})"
        )

    return tell


def under_code(feature: str, whole: Group) -> Teller:
    """Which share of a group's purchases is under this one's code."""

    def tell(purchase: Purchase) -> str:
        number = purchase.number(whole)
        if not number:
            return purchase.first_of(whole)
        others = round(purchase.feature(feature) * (1 + number)) - 1
        return _under(purchase, others, number, whole)

    return tell


def office_code(purchase: Purchase) -> str:
    """How many of the office's purchases are under this one's code."""
    if not (number := purchase.number(OFFICE_LONG)):
        return purchase.first_of(OFFICE_LONG)
    return _under(purchase, purchase.number(OFFICE_CODE), number, OFFICE_LONG)


def _under(purchase: Purchase, others: int, number: int, whole: Group) -> str:
    return (
        f"Category {purchase.row['mcc']}: {others:,} of the {purchases(number)} {whole.words} since "
        f"{purchase.since(whole)} were under it"
    )


def same_amount(group: Group) -> Teller:
    """Whether the very same amount was paid shortly before."""

    def tell(purchase: Purchase) -> str:
        number = purchase.number(group)
        if not number:
            return f"{purchase.amount}, an amount without a like {group.words} since {purchase.seen_since(group.days)}"
        return (
            f"{purchase.amount}, the same amount as {purchases(number)} {group.words} since "
            f"{purchase.seen_since(group.days)}, the last on {day_of(purchase.last(group))}"
        )

    return tell


def card_pace(purchase: Purchase) -> str:
    """The card's last two days against its quarter."""
    ratio = times(purchase.feature("card_pace"))
    return (
        f"{ratio} the purchases in two days that {purchases(purchase.number(CARD))} by this card since "
        f"{purchase.since(CARD)} let expect"
    ).capitalize()


def weekend(purchase: Purchase) -> str | None:
    """A purchase at a weekend, against the office's habit."""
    if not purchase.row["weekend"]:
        return None
    number, at_weekends = purchase.number(OFFICE), purchase.fact(OFFICE, WEEKENDS)
    named = f"Bought on a {purchase.row['transaction_date']:%A}"
    if not number:
        return f"{named}; {purchase.first_of(OFFICE)}"
    return (
        f"{named}; {percent(at_weekends / number)} of the {purchases(number)} of this office since "
        f"{purchase.since(OFFICE)} were made at weekends"
    )


def share_there(feature: str, words: str) -> Teller:
    """Which share of the vendor's purchases is of this sort."""

    def tell(purchase: Purchase) -> str:
        number = purchase.number(VENDOR)
        if not number:
            return purchase.first_of(VENDOR)
        share = min(1.0, purchase.feature(feature) * (1 + number) / number)
        return (
            f"{purchase.amount} on a {purchase.row['transaction_date']:%A}; {percent(share)} of the "
            f"{purchases(number)} at this vendor since {purchase.since(VENDOR)} were {words}"
        )

    return tell


def limit(purchase: Purchase) -> str | None:
    """The amount against the limit for a single purchase that was in force."""
    if not purchase.setting.limits:
        return None
    day = purchase.row["transaction_date"]
    begun = [entry for entry in purchase.setting.limits if entry[0] <= day]
    since, allowed = max(begun) if begun else min(purchase.setting.limits)
    share = percent(abs(purchase.feature("share_of_threshold")))
    stated = f" since {since}" if since > purchase.setting.history_from else ""
    allowed_money = money(allowed, purchase.row["currency"])
    return f"{purchase.amount}, {share} of the limit for a single purchase ({allowed_money}{stated})"


def roundness(purchase: Purchase) -> str:
    """How round the amount is."""
    kind = "a round amount" if purchase.row["roundness"] >= _HUNDREDS else "no round amount"
    return f"{purchase.against_usual(OFFICE)}; {kind}"


def flag(feature: str, words: Callable[[Purchase], str]) -> Teller:
    """Something that holds or doesn't; it is told where it holds."""

    def tell(purchase: Purchase) -> str | None:
        return f"{words(purchase)}; {purchase.against_usual(OFFICE)}" if purchase.row[feature] else None

    return tell


def year_of_amount(purchase: Purchase) -> str:
    """How often this amount was charged at all."""
    number = purchases(purchase.feature("amount_number"))
    return f"{purchase.amount}: {number} of exactly this amount by anyone since {purchase.seen_since(365)}"


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
    ("foreign",): flag("foreign", lambda p: f"Charged in {p.row['merchant_currency']}, not in {p.row['currency']}"),
    ("card_number_1d",): _card("card_number_1d", 1),
    ("card_number_3d",): _card("card_number_3d", 3),
    ("card_number_30d",): _card("card_number_30d", 30),
    ("card_pace",): card_pace,
    ("card_spend_7d",): spent("card_spend_7d", 7, "by this card", CARD),
    ("card_spend_30d",): spent("card_spend_30d", 30, "by this card", CARD),
    ("card_mcc_number",): counted("card_mcc_number", 90, "by this card under this category code", CARD),
    ("office_mcc_share", "office_mcc_number"): office_code,
    ("office_merchant_days_since", "office_merchant_number"): away("This office", HERE),
    ("office_merchant_spend_5d",): spent("office_merchant_spend_5d", 5, "by this office at this vendor", HERE),
    ("office_same_amount_15d", "office_same_amount_days_since"): same_amount(SAME_HERE),
    ("merchant_number_7d",): _vendor("merchant_number_7d", 7),
    ("merchant_number_30d",): _vendor("merchant_number_30d", 30),
    ("merchant_number_90d",): _vendor("merchant_number_90d", 90),
    ("merchant_days_since",): away("Somebody", VENDOR_LONG),
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
}
"""Features that tell the same, and how; a feature that stands nowhere here is told by its meaning and value."""
_TOPIC = {feature: names for names in TOPICS for feature in names}
_NEEDS = {"card": ("card_", "pair_"), "mcc": ("mcc",)}


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
    for group in (OFFICE, VENDOR_LONG, *([CODE] if purchase.row["mcc"] else [])):
        compared = purchase.against_usual(group)
        if not any(compared.casefold() in reason.casefold() for reason in found):
            yield f"For comparison: {compared}"


def _applies(purchase: Purchase, feature: str) -> bool:
    """Without a card there is nothing to say of cards, without a code nothing of codes."""
    if not purchase.row["card"] and feature.startswith(_NEEDS["card"]):
        return False
    return bool(purchase.row["mcc"]) or "mcc" not in feature


def _generic(purchase: Purchase, feature: str) -> str:
    sentence = told(purchase.setting.meanings[feature], purchase.row[feature], purchase.row["currency"])
    return sentence[:1].upper() + sentence[1:]
