"""A view that reads the cost centre needs rows that have one: a blank counts as a cost centre of its own."""

from collections.abc import Callable

from model_code.errors import InputError
from model_code.etl.doubts import LEAST, Doubt
from model_code.etl.parts import Ledger
from model_code.features.views import CENTRE, View


def blank_centres(ledger: Ledger, view: View) -> list[Doubt]:
    """The warning that a view reads cost centres, and more than half of the rows have none, but some do."""
    every, blank = _counted(ledger, view)
    if every < LEAST or not every / 2 < blank < every:
        return []
    says = (
        f"{ledger.name}: {blank:,} of {every:,} rows have no cost centre, and the view {view.name} compares purchases "
        "of the same one: each of these seems to be the first of its own. Are they booked yet? Is it the right column?"
    )
    return [Doubt("blank_centres", says, frozenset(file.sha256 for file in ledger.files), *ledger.span(ledger.files))]


def expect_centres(ledger: Ledger, view: View, say: Callable[[str], None]) -> None:
    """Check that a view's cost centres are there, and say how many are blank.

    Raises:
        InputError: the view reads them, and not one row has one.
    """
    every, blank = _counted(ledger, view)
    if every and blank == every:
        raise InputError(
            f"{ledger.name}: none of its {every:,} rows has a cost centre, and the view {view.name} compares purchases "
            "of the same one: every row would seem odd. Expected a column with the cost centre that each purchase was "
            "booked on: declare it as cost_centre in the column mapping. Without one, train the view realtime, or "
            "declare a mapping without cost_centre for training and scoring."
        )
    if blank:
        say(f"{ledger.name}: {blank:,} of {every:,} rows have no cost centre; each counts as one of its own")


def _counted(ledger: Ledger, view: View) -> tuple[int, int]:
    """How many rows there are, and how many have no cost centre; nothing where the view reads none."""
    if CENTRE not in view.compared:
        return 0, 0
    rows, engine = ledger.staged.checked, ledger.engine
    return engine.size(rows), engine.size(rows.filter(rows[CENTRE] == ""))
