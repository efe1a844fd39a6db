"""How a command's answer looks in a terminal; with --json the very same values are printed."""

from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text


def render(shown: list[dict[str, Any]] | dict[str, Any]) -> RenderableType:
    """Return a table for a list of rows, else one line a value with its nested rows as a table below."""
    if isinstance(shown, list):
        return _rows(shown)
    lines = [Text(f"{name:11} {_cell(value)}") for name, value in shown.items() if not isinstance(value, list | dict)]
    nested = [part for name, value in shown.items() for part in _nested(name, value)]
    return Group(*lines, *nested)


def _nested(name: str, value: object) -> list[RenderableType]:
    match value:
        case dict():
            return [Text(f"\n{name}"), *(Text(f"  {key}  {_cell(item)}") for key, item in value.items())]
        case list() if value and isinstance(value[0], dict):
            return [Text(f"\n{name}"), _rows(value)]
    return []


def _rows(rows: list[dict[str, Any]]) -> RenderableType:
    if not rows:
        return Text("There is none yet.")
    table = Table(box=None, pad_edge=False)
    for name in rows[0]:
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row.values()))
    return table


def _cell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else ""
        case list():
            return "".join(f"\n    {item}" for item in value)
    return str(value)
