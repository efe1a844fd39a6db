"""Rows are scored only by a model that learned from rows of the same making; a difference is refused by name."""

from collections.abc import Mapping
from typing import Any

from model_code.errors import InputError

CODE = "features_sha256"
DECISIONS = "decisions"
VIEW = "view"
_DECIDED = {
    "currency": "amounts in",
    "thresholds": "limits for a single purchase of",
    "known": "a mapping with columns for",
}
"""What a difference in a decision of the mapping is called."""


def expect_agreement(model: Mapping[str, Any], rows: Mapping[str, Any]) -> None:
    """Check two manifests: that of the model, and what is known of the rows' making.

    Raises:
        InputError: the rows are of another view than the model, other feature code computed them, or their mapping
            decided otherwise.
    """
    if model.get(VIEW) != rows.get(VIEW):
        raise InputError(
            f"The model was trained on the view {model.get(VIEW)} and these rows are of the view {rows.get(VIEW)}. Run "
            "etl --score with this model, or train anew."
        )
    if model.get(CODE) != rows.get(CODE):
        raise InputError(
            f"The model's features were computed by code {model.get(CODE)} and these rows' by {rows.get(CODE)}: the "
            "scores would mean nothing. Run etl --score with the image that the model was trained with, or train anew."
        )
    learnt, given = model.get(DECISIONS), rows.get(DECISIONS)
    if not isinstance(learnt, Mapping) or not isinstance(given, Mapping):
        raise InputError(
            "The model's manifest doesn't say what its mapping decided (decisions): it is older than this code. "
            "Train it anew."
        )
    for name in sorted({*learnt, *given}):
        if learnt.get(name) != given.get(name):
            what = _DECIDED.get(name, f"{name} =")
            raise InputError(
                f"The model learned from {what} {_shown(learnt.get(name))} and these rows have {what} "
                f"{_shown(given.get(name))}. Score with the mapping that the model was trained with, or train anew."
            )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in value) or "none"
    return "none" if value is None else str(value)
