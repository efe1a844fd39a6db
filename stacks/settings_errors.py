"""Pydantic's findings, said in one sentence: the field, its value, what was expected, what to do."""

from pydantic import ValidationError

_SHOWN_VALUE = 80


class SettingsError(Exception):
    """A settings file cannot be used; the message is one sentence for the person who wrote it."""


def sentence(error: ValidationError) -> str:
    """Say the first finding in one sentence, and how many others there are."""
    first, *others = error.errors(include_url=False)
    field = ".".join(str(part) for part in first["loc"] if part != "[key]")
    more = f" ({len(others)} more after this one)" if others else ""
    return f"{_mend(field, first['type'], first['msg'], first['input'])}{more}"


def _mend(field: str, kind: str, message: str, value: object) -> str:
    if kind == "missing":
        return f"{field} is missing; add it"
    if kind == "extra_forbidden":
        return f"{field} is not a setting; remove it or mend its spelling"
    if kind == "value_error":
        return f"{field}: {message.removeprefix('Value error, ')}" if field else message.removeprefix("Value error, ")
    return f"{field} = {str(value)[:_SHOWN_VALUE]!r}: {message[:1].lower()}{message[1:]}; change it"
