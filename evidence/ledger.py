"""The fold: from facts and claims to one state for each determination statement, and for each part of the CIS workbook.

proven      predicates over more than nothing hold, each kills mutants of its own subjects, and parameters have values
supported   the mechanism is there; that it is operated, or is enough, isn't shown
account     a command answers it in the account
inherited   somebody else's authorization answers it
n/a         what the words speak of isn't part of the system
people      a person answers it, in a record
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from compliance.claims import CLAIMS, MECHANISMS, Claim
from compliance.templates import Templates
from evidence.assigned import INHERITED, NOT_APPLICABLE, owner
from evidence.catalogue import Catalogue, Statement
from evidence.mutants import Kill, kills
from evidence.parameters import TAKEN
from evidence.questions import QUESTIONS

STATES = ("proven", "supported", "account", "people", "inherited", "n/a")
_ASKS_MOST = ("people", "account", "supported", "inherited", "proven", "n/a")
"""A part's state is that of its statement that asks most of the reader."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A claim over one assembly: its subjects, what it objects to, and the mutants that it kills."""

    claim: Claim
    subjects: tuple[str, ...]
    objections: tuple[str, ...]
    kills: tuple[Kill, ...]

    @property
    def holds(self) -> bool:
        """Say whether it says something, and something true."""
        return bool(self.subjects) and not self.objections

    @property
    def lacks(self) -> str:
        """Say what keeps it from proving anything; nothing if it proves."""
        if not self.subjects:
            return f"no evidence: {self.claim.name} speaks of nothing here"
        if self.objections:
            return f"{self.claim.name} objects: {self.objections[0]}"
        return "" if self.kills else f"no mutant breaks {self.claim.name}"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A statement with its state, what carries it (claims, a command's name), and who, or why, in words."""

    statement: Statement
    kind: str
    state: str
    carried_by: tuple[str, ...]
    words: str


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """All that is known of an assembly: entries by statement, states by part, claims by name."""

    entries: Mapping[str, Entry]
    parts: Mapping[str, str]
    claims: Mapping[str, Judged]

    def counts(self) -> dict[str, int]:
        """Count the statements in each state."""
        counted = Counter(each.state for each in self.entries.values())
        return {state: counted[state] for state in STATES}

    def part_counts(self) -> dict[str, int]:
        """Count the parts in each state."""
        counted = Counter(self.parts.values())
        return {state: counted[state] for state in STATES}


def fold(catalogue: Catalogue, templates: Templates, claims: Iterable[Claim] = CLAIMS) -> Ledger:
    """Judge every claim over the templates, and put every statement and part into its state."""
    judged = {claim.name: judge(claim, templates) for claim in claims}
    entries = {name: _entry(each, judged.values()) for name, each in catalogue.statements.items()}
    parts = {
        part: min((entries[each].state for each in statements), key=_ASKS_MOST.index)
        for part, statements in catalogue.parts.items()
    }
    return Ledger(entries=entries, parts=parts, claims=judged)


def judge(claim: Claim, templates: Templates) -> Judged:
    """Judge one claim. Mutants are made only where it is to prove something and holds."""
    subjects = tuple(sorted(each.place for each in claim.over(templates)))
    objections = tuple(claim.predicate(templates)) if subjects else ()
    killed = kills(claim, templates) if claim.shows and subjects and not objections else ()
    return Judged(claim=claim, subjects=subjects, objections=objections, kills=killed)


def kind(statement: Statement) -> str:
    """Tell whose a statement is: the system's, a mechanism's of an organization's control, or the organization's."""
    if statement.by_system:
        return "system"
    return "mechanism" if statement.id in MECHANISMS else "organization"


def _entry(statement: Statement, judged: Iterable[Judged]) -> Entry:
    state, carried_by, words = _state(statement, tuple(judged))
    return Entry(statement=statement, kind=kind(statement), state=state, carried_by=carried_by, words=words)


def _state(statement: Statement, judged: tuple[Judged, ...]) -> tuple[str, tuple[str, ...], str]:
    showing = [each for each in judged if statement.id in each.claim.shows]
    supporting = [each for each in judged if statement.id in each.claim.supports and each.holds]
    lacking = [each.lacks for each in showing if each.lacks]
    lacking += [f"nobody took a value for [{each}]" for each in statement.parameters if showing and each not in TAKEN]
    if showing and not lacking:
        subjects = sum(len(each.subjects) for each in showing)
        proof = f"holds for {subjects} resources; each claim is broken by its mutants"
        return "proven", _names(showing), "; ".join([proof, *taken(statement)])
    for table, state in ((NOT_APPLICABLE, "n/a"), (INHERITED, "inherited")):
        if said := table.get(statement.id) or table.get(statement.control):
            return state, (), said
    if asked := [each for each in QUESTIONS if statement.id in each.statements]:
        return "account", tuple(each.name for each in asked), asked[0].says
    if carried := supporting + [each for each in showing if each.holds]:
        return "supported", _names(carried), "; ".join(lacking) or "the mechanism is there; its operation isn't shown"
    who = owner(statement.control)
    return "people", (), "; ".join([f"{who.role}: {who.record}", *lacking])


def taken(statement: Statement) -> list[str]:
    """Say which values a proof takes for the parameters in a statement's words."""
    return [f"[{name}] taken as: {TAKEN[name]}" for name in statement.parameters]


def _names(judged: Iterable[Judged]) -> tuple[str, ...]:
    return tuple(each.claim.name for each in judged)
