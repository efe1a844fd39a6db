"""The rules that a purchase-card office writes down before it has a model: each fires or not."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from model_code.algorithms.protocol import Labelled
from model_code.arrays import Matrix, Vector

Flags: TypeAlias = NDArray[np.bool_]
Columns: TypeAlias = Mapping[str, Matrix]

RULES: dict[str, Callable[[Columns], Flags]] = {
    "just under the limit, and bought here in the last five days": lambda c: (
        _between(c["share_of_threshold"], 0.6, 1.0) & (c["office_merchant_spend_5d"] > 0)
    ),
    "over the limit": lambda c: c["share_of_threshold"] > 1,
    "the same amount here within a fortnight": lambda c: c["office_same_amount_15d"] > 0,
    "whole hundreds": lambda c: (c["roundness"] >= 4) & (c["refund"] == 0),  # noqa: PLR2004 (zeros, cents are two)
    "a merchant that slept for half a year": lambda c: _between(c["merchant_days_since"], 180, 1095),
    "at a weekend, where others seldom buy then": lambda c: (
        (c["weekend"] > 0) & (c["merchant_weekend_share"] < 0.1)  # noqa: PLR2004 (seldom: one in ten)
    ),
    "a code that the merchant seldom uses": lambda c: c["merchant_mcc_share_long"] < 0.1,  # noqa: PLR2004 (one in ten)
    "five purchases by the card the day before": lambda c: c["card_number_1d"] >= np.log(6),
}


@dataclasses.dataclass(frozen=True)
class Rules:
    """How many rules fire; among equals, the larger amount comes first."""

    def fit(self, train: Labelled, validation: Labelled, columns: Sequence[str]) -> "WrittenRules":
        """Learn nothing: rules are written, not learnt."""
        del train, validation
        return WrittenRules(tuple(columns))


@dataclasses.dataclass(frozen=True)
class WrittenRules:
    """The rules, for rows with these columns."""

    columns: tuple[str, ...]

    def score(self, rows: Matrix) -> Vector:
        """Return the number of rules that fire, plus a fraction that grows with the amount.

        A rule that needs what the ledger lacks (codes, offices, limits) never fires.
        """
        named = dict(zip(self.columns, rows.T, strict=True))
        fired = np.zeros(len(rows))
        for rule in RULES.values():
            with suppress(KeyError):
                fired += rule(named)
        # ln(1 + amount) is below 25 for any amount that ETL lets through.
        return (fired + named.get("amount_log", 0) / 25).astype(np.float32)


def _between(values: Matrix, low: float, high: float) -> Flags:
    return (values >= low) & (values <= high)
