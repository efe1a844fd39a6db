"""How one comparison is told: functions that make sentences about a purchase, for `model_code.scoring.sentences`."""

from collections.abc import Callable
from typing import TypeAlias

from model_code.scoring.groups import CARD, OFFICE, OFFICE_CODE, OFFICE_LONG, VENDOR, WEEKENDS, YEARS, Group
from model_code.scoring.purchase import Purchase
from model_code.scoring.values import day_of, in_days, money, percent, purchases, times

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
        if (short, days) == (group.words, group.days):
            return f"{recent} {short} since {purchase.since(group)}, all in {span}"
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
            f"{words} at this vendor for {in_days(purchase.day - last)}, last on {day_of(last)} "
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
        f"Category code {purchase.row['mcc']}: {others:,} of the {purchases(number)} {whole.words} since "
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
        return f"{named}; {purchase.against_usual(OFFICE)}"
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


def again(feature: str, somebody: str, nobody: str) -> Teller:
    """When the next purchase on a later day followed there, or until when none did; nothing where no day is later."""

    def tell(purchase: Purchase) -> str | None:
        until = min(purchase.setting.until, day_of(purchase.day + YEARS))
        if purchase.row["transaction_date"] >= until:
            return None
        later = round(purchase.feature(feature))
        usual_one = purchase.against_usual(OFFICE)
        if later > YEARS:
            return f"{nobody} bought at this vendor again on a later day until {until}; {usual_one}"
        on = day_of(purchase.day + later)
        return f"{somebody} bought at this vendor again {in_days(later)} later, on {on}; {usual_one}"

    return tell


def before(feature: str, most: int, words: str) -> Teller:
    """How long ago the cost centre last did so; with what that would have been seen."""

    def tell(purchase: Purchase) -> str:
        ago = round(purchase.feature(feature))
        if ago > most:
            return f"{purchase.amount}, the first {words} since {purchase.seen_since(most)}"
        return f"{purchase.amount}, {in_days(ago)} after the last {words}, on {day_of(purchase.day - ago)}"

    return tell
