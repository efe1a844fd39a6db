"""What stands in a cell of a file that people open in a spreadsheet program."""

from datetime import date, datetime

FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 (full-width signs count too)
"""What a spreadsheet program takes for a formula's beginning (https://owasp.org/www-community/attacks/CSV_Injection)."""


def cell(value: object) -> str:
    """The text of a value, never like a formula: such texts get an apostrophe, numbers below 0 brackets."""
    if value is None or value != value:  # noqa: PLR0124 (no number)
        return ""
    if isinstance(value, int | float):
        size = f"{abs(value):.10g}" if isinstance(value, float) else str(abs(value))
        return f"({size})" if value < 0 else size
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d}"
    return guarded(str(value))


def guarded(text: str) -> str:
    """The text, with an apostrophe before what a spreadsheet program would take for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULAS) or text.startswith(FORMULAS) else text
