"""Whether a state may be used, and if not, whether a ledger has all that is needed to make it anew."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from model_code.errors import InputError
from model_code.etl.checking import today_somewhere
from model_code.etl.mapping import ColumnMapping
from model_code.etl.state import Files, Made, State, UnfitError
from model_code.etl.state_parts import FILES
from model_code.etl.writing import sha256_of

_SHOWN = 3


def expect_lasting_ids(mapping: ColumnMapping) -> None:
    """Check that an id is one purchase's for good.

    Raises:
        InputError: it is a file's name and a line.
    """
    if mapping.ids == "number":
        raise InputError(
            'ids = "number" makes ids of a file\'s name and line, and a later file of that name would overwrite the '
            'rows that a state has of them. Declare columns or ids = "digest", or score without a state.'
        )


def expect_unscored(state: State, new: Files) -> None:
    """Check that no new file was scored before: a corrected row's former value would come back.

    Raises:
        InputError: one was.
    """
    if again := [name for sha256, name in new.items() if sha256 in state.files]:
        raise InputError(
            f"The state has every row of {_some(again)} already: it was scored with it, or is of its ledger. Hand in "
            "only what came since; the state stays as it is. To score a file again, leave the state out."
        )


def expect_whole(state: State, folder: Path) -> None:
    """Look at each of its files.

    Raises:
        UnfitError: one is missing or damaged.
    """
    expected = {f"{part.name}/{name}": part.sha256.get(name) for part in state.parts for name in FILES}
    with ThreadPoolExecutor() as threads:
        for name, found in zip(expected, threads.map(_sha256_or_none, map(folder.joinpath, expected)), strict=True):
            if found != expected[name]:
                raise UnfitError(f"its file {name} is {'missing' if found is None else 'damaged'}")


def expect_fit(state: State, made: Made, ledger: Files | None) -> None:
    """Check that a state is of this making, and of the ledger that is handed in beside it, if one is.

    Raises:
        UnfitError: it isn't.
    """
    if state.made.code_sha256 != made.code_sha256:
        raise UnfitError(f"code {state.made.code_sha256[:12]} made it, and this is {made.code_sha256[:12]}")
    if state.made.mapping_sha256 != made.mapping_sha256:
        raise UnfitError("its rows were read by another column mapping")
    if state.made.view != made.view:
        raise UnfitError(f"it is of the view {state.made.view}, and the model's is {made.view}")
    if state.fits_until and state.fits_until <= str(today_somewhere()):
        raise UnfitError(f"rows of {state.fits_until} count by now, which were in the future when they were read")
    if ledger is None:
        return
    if late := [name for sha256, name in ledger.items() if sha256 not in state.files]:
        raise UnfitError(
            f"the ledger has files that it doesn't know, with later, late or corrected rows ({_some(late)})"
        )
    if gone := [name for sha256, name in state.history.items() if sha256 not in ledger]:
        raise UnfitError(f"the ledger lacks files that it was made from ({_some(gone)})")


def expect_nothing_lost(state: State, ledger: Files, why: UnfitError, *, add_lines: bool) -> None:
    """Check that a state can be made anew from a ledger: with every file that was scored since, in the same order.

    Raises:
        InputError: rows would be gone, or other rows of an id would count.
    """
    cant = f"The state can't be used: {why}. It can't be made anew from this ledger either"
    again = "delete the state, and score each file again, one after another, on the ledger that it was made from"
    if lost := [name for sha256, name in state.added.items() if sha256 not in ledger]:
        raise InputError(
            f"{cant}, which lacks files that were scored since ({_some(lost)}): their rows would be gone. Hand in a "
            f"folder that has them, too; or {again}."
        )
    if state.added and add_lines:
        raise InputError(f'{cant}: lines = "add" would add up what came file by file. So {again}.')
    then = [sha256 for sha256 in state.files if sha256 in ledger]
    if then != [sha256 for sha256 in ledger if sha256 in state.files]:
        raise InputError(
            f"{cant}: of an id, the row of the last file by name counts, and these came in another order: "
            f"{', '.join(ledger[sha256] for sha256 in then)}. Name them so that they sort in this one; or {again}."
        )


def _sha256_or_none(path: Path) -> str | None:
    return sha256_of(path) if path.is_file() else None


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
