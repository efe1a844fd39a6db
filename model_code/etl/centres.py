"""A view that reads the cost centre needs rows that have one: a blank counts as a cost centre of its own."""

from collections.abc import Callable

from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.engines import Engine
from model_code.features.views import CENTRE, View


def expect_centres(name: str, rows: Table, engine: Engine, view: View, say: Callable[[str], None]) -> None:
    """Check that a view's cost centres are there, and say how many are blank.

    Raises:
        InputError: the view reads them, and not one row has one.
    """
    if CENTRE not in view.compared:
        return
    every, blank = engine.size(rows), engine.size(rows.filter(rows[CENTRE] == ""))
    if blank == every:
        raise InputError(
            f"{name}: none of its {every:,} rows has a cost centre, and the view {view.name} compares purchases of the "
            "same one: every row would seem odd. Expected a column with the cost centre that each purchase was booked "
            "on: declare it as cost_centre in the column mapping. Without one, train the view realtime, or declare a "
            "mapping without cost_centre for training and scoring."
        )
    if blank:
        say(f"{name}: {blank:,} of {every:,} rows have no cost centre; each counts as one of its own")
