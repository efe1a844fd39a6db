"""Pydantic's findings, said in one sentence: the field, its value, what was expected, what to do."""

from typing import TYPE_CHECKING

from pydantic import ValidationError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_SHOWN_VALUE = 80
_EXPECTED = {
    "bool_type": "must be true or false, without quotes",
    "dict_type": "must be a section",
    "float_type": "must be a number, without quotes",
    "greater_than_equal": "must be at least {ge}",
    "int_type": "must be a whole number, without quotes",
    "less_than_equal": "must be at most {le}",
    "literal_error": "must be {expected}",
    "model_type": "must be a section",
    "string_pattern_mismatch": "must match {pattern}",
    "string_too_long": "must have at most {max_length} characters",
    "string_type": "must be a text in quotes",
    "too_long": "must have at most {max_length} entries",
    "too_short": "must have at least {min_length} entries",
    "tuple_type": "must be a list in brackets",
}
_MENDS = {
    r"^sha256:[0-9a-f]{64}$": "write the image's digest, for a tag can be moved to another image",
    r"^[0-9]{12}$": "write the account's twelve digits, in quotes",
}


class SettingsError(Exception):
    """A settings file cannot be used; the message is one sentence for the person who wrote it."""


def sentence(error: ValidationError) -> str:
    """Say the first finding in one sentence, and how many others there are."""
    first, *others = error.errors(include_url=False)
    more = f" ({len(others)} more after this one)" if others else ""
    return " ".join(f"{_mend(first)}{more}".split())  # a value may hold line ends


def _mend(finding: "ErrorDetails") -> str:
    field = ".".join(str(part) for part in finding["loc"] if part != "[key]")
    kind, message = finding["type"], finding["msg"]
    if kind == "missing":
        return f"{field} is missing; add it"
    if kind == "extra_forbidden":
        return f"{field} is not a setting; remove it or mend its spelling"
    if kind == "value_error":
        message = message.removeprefix("Value error, ")
        return f"{field}: {message}" if field else message
    context = finding.get("ctx", {})
    expected = _EXPECTED.get(kind, "{message}").format(message=message[:1].lower() + message[1:], **context)
    mend = _MENDS.get(str(context.get("pattern")), "change it (docs/settings.md says what it is)")
    return f"{field} = {str(finding['input'])[:_SHOWN_VALUE]!r} {expected}; {mend}"
