"""Settings that come through the environment."""

import os

from model_code.errors import InputError


def whole_number(name: str, default: int, *, least: int = 1) -> int:
    """Return the whole number from `least` in the environment variable `name`; unset or empty is `default`.

    Raises:
        InputError: it holds something else.
    """
    text = os.environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) >= least):
        raise InputError(f"{name} is {text!r}; expected a whole number from {least} (its default is {default}).")
    return int(text)
