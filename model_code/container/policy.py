"""The settings of a server, from its environment."""

import math
import os

from model_code.container.environment import whole_number
from model_code.errors import InputError
from model_code.serving.policy import Policy

MOST_DECIMALS = 9


def policy_of_environment() -> Policy:
    """Return the policy that the environment sets.

    Raises:
        InputError: a variable holds what it can't mean.
    """
    decimals = os.environ.get("ATOLL_SCORE_DECIMALS")
    limited = os.environ.get("ATOLL_CALLER_ROWS_PER_MINUTE")
    return Policy(
        refuse_unusual=_choice("ATOLL_OUT_OF_DISTRIBUTION", "flag", "refuse"),
        decimals=_decimals(decimals) if decimals else None,
        label_only=_choice("ATOLL_LABEL_ONLY", "0", "1"),
        threshold=_share("ATOLL_LABEL_THRESHOLD", 0.5),
        caller_header=os.environ.get("ATOLL_CALLER_HEADER", "X-Atoll-Caller").lower().encode("latin-1", "replace"),
        rows_per_minute=whole_number("ATOLL_CALLER_ROWS_PER_MINUTE", 1) if limited else None,
        metrics=_choice("ATOLL_METRICS", "0", "1"),
    )


def _choice(name: str, off: str, on: str) -> bool:
    text = os.environ.get(name) or off
    if text not in {off, on}:
        raise InputError(f"{name} is {text!r}; expected {off} (the default) or {on}.")
    return text == on


def _decimals(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= MOST_DECIMALS):
        raise InputError(f"ATOLL_SCORE_DECIMALS is {text!r}; expected 0 to {MOST_DECIMALS}, or nothing.")
    return int(text)


def _share(name: str, default: float) -> float:
    text = os.environ.get(name) or str(default)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 <= number <= 1:
        raise InputError(f"{name} is {text!r}; expected a number from 0 to 1 (its default is {default}).")
    return number
