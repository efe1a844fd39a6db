"""What a mapping decides that every amount and feature depends on: it belongs to the model that learns from them."""

from typing import Any

from model_code.etl.mapping import ColumnMapping
from model_code.features.views import CENTRE, View


def decisions(mapping: ColumnMapping, view: View) -> dict[str, Any]:
    """The mapping's decisions as JSON holds them: in the features' manifest, the model's, and that of rows to score.

    Where a column stands and how a date is written may change from file to file; these may not.
    A view that reads the cost centre depends on whether there is one, too.
    """
    asked = ("mcc", "office", *((CENTRE,) if CENTRE in view.compared else ()))
    return {
        "currency": mapping.currency,
        "thresholds": [[str(each.effective), each.amount] for each in sorted(mapping.thresholds)],
        "rates": [[each.currency, str(each.effective), each.rate] for each in mapping.rates],
        "spending": mapping.spending,
        "known": [name for name in asked if mapping.has(name)],
        **{f"own column {each.name}": str(each) for each in mapping.own.columns},
        **{f"own feature {each.name}": str(each) for each in mapping.own.features},
    }
