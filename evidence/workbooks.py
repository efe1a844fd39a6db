"""The rows of the assessor's workbooks, in the official columns: the SRTM's test cases, and the CIS.

Nothing is guessed: what only an assessor, the agency or AWS can say stays empty, and is counted.
"""

from collections.abc import Mapping, Sequence

from evidence.catalogue import name_of
from evidence.ledger import Entry, Ledger, taken
from evidence.questions import QUESTIONS

SRTM = (
    *(
        "Control Name",
        "Control ID",
        "Assessment Procedure",
        "Objective",
        "Parameter",
        "FedRAMP Guidance",
        "Test Method",
    ),
    *("Observations / Test Results", "Evidence", "Result", "Identified Risk", "Likelihood", "Impact", "Risk Exposure"),
    *("Recommendation", "SSP Differential?"),
)
CIS = (
    *("Control ID", "Implemented", "Partially Implemented", "Planned", "Alternative Implementation", "N/A"),
    *(
        "Corporate",
        "System Specific",
        "Hybrid",
        "Configured by Customer",
        "Provided by Customer",
        "Shared",
        "Inherited",
    ),
)
_MARKED = {
    "proven": ("System Specific",),
    "inherited": ("Inherited",),
    "n/a": ("N/A",),
}
"""What a state that all statements of a part are in lets us mark: whence it comes.

A part of mixed states stays empty: whether it is Shared or Hybrid is a word about who runs the rest, and that a part is
implemented is said of what is deployed.
"""

Sheet = tuple[Sequence[str], list[tuple[str, ...]]]


def sheets(ledger: Ledger) -> Mapping[str, Sheet]:
    """Give each workbook's columns and rows, by the name of its file."""
    return {"srtm": (SRTM, [_case(each) for each in ledger.entries.values()]), "cis": (CIS, _parts(ledger))}


def empty(sheet: Sheet) -> dict[str, int]:
    """Count the cells of each column that somebody else must fill."""
    head, rows = sheet
    counted = {name: sum(not row[place] for row in rows) for place, name in enumerate(head)}
    return {name: number for name, number in counted.items() if number}


def _case(entry: Entry) -> tuple[str, ...]:
    about = entry.statement
    told = {
        "Control Name": about.title,
        "Control ID": name_of(about.control),
        "Assessment Procedure": about.id,
        "Objective": about.words,
        "Parameter": "; ".join(f"[{name}]: {what}" for name, what in about.parameters.items()),
        "FedRAMP Guidance": about.guidance,
        "Test Method": ", ".join(about.methods),
        "Evidence": _evidence(entry),
    }
    return tuple(told.get(name, "") for name in SRTM)


def _evidence(entry: Entry) -> str:
    if entry.state == "account":
        return "; ".join(each.command for each in QUESTIONS if each.name in entry.carried_by)
    values = taken(entry.statement) if entry.state == "proven" else []
    return "; ".join([f"{entry.state}: {', '.join(entry.carried_by) or entry.words}", *values])


def _parts(ledger: Ledger) -> list[tuple[str, ...]]:
    states: dict[str, set[str]] = {}
    for entry in ledger.entries.values():
        states.setdefault(entry.statement.part, set()).add(entry.state)
    marked = {part: _MARKED.get(next(iter(found)), ()) if len(found) == 1 else () for part, found in states.items()}
    return [(label(part), *("x" if name in marked[part] else "" for name in CIS[1:])) for part in ledger.parts]


def label(part: str) -> str:
    """Write a part as the workbook does: `ac-2_smt.d` is AC-2 (d)."""
    control, _, item = part.partition("_smt")
    return " ".join(filter(None, [name_of(control), "".join(f"({each})" for each in item.split(".") if each)]))
