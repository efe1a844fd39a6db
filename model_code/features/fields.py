"""The ledger's fields, and the moment from which each can be known: a feature reads only what is known by then."""

from enum import IntEnum
from typing import NamedTuple

ALONE = "\x1f"
"""Begins the key of a purchase whose owner is blank; its id follows. No field of a ledger begins so, but an id may be
the number of somebody's card or office."""


class Moment(IntEnum):
    """When a field's value exists, in order of time."""

    AUTHORISATION = 0
    POSTING = 1
    BOOKING = 2
    REVIEW = 3


class Field(NamedTuple):
    """One column of Atoll's ledger."""

    available_at: Moment
    required: bool


FIELDS: dict[str, Field] = {
    "transaction_id": Field(Moment.AUTHORISATION, required=True),
    "agency": Field(Moment.AUTHORISATION, required=False),
    "office": Field(Moment.AUTHORISATION, required=False),
    "card": Field(Moment.AUTHORISATION, required=False),
    "merchant": Field(Moment.AUTHORISATION, required=True),
    "mcc": Field(Moment.AUTHORISATION, required=False),
    "amount": Field(Moment.AUTHORISATION, required=True),
    "currency": Field(Moment.AUTHORISATION, required=False),
    "merchant_currency": Field(Moment.AUTHORISATION, required=False),
    "transaction_date": Field(Moment.AUTHORISATION, required=True),
    "posting_date": Field(Moment.POSTING, required=False),
    "cost_centre": Field(Moment.BOOKING, required=False),
    "description": Field(Moment.BOOKING, required=False),
    "label": Field(Moment.REVIEW, required=False),
    "kind": Field(Moment.REVIEW, required=False),
}
