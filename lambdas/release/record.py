"""A model's releases as their record tells them: one pure fold over a set of audit entries.

Any order and any repetition of the same entries gives the same result: times are those of the facts, never a clock's.
Nothing else says who approved, what was champion, what may come back; MLflow's tags and alias are written from this
(docs/decisions/0032-the-record-decides.md).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from lambdas.release.records import LONG_AGO, AuditEntry, Version, submitter_of

SCHEMAS = frozenset({1, 2})
EXECUTIONS = ("executed", "separation_of_duties_violated")
ENDS = ("rolled_back", "rejected", "refused", "expired")
"""What ends a version for good; the first of these that is on record is its state."""
WHATS = frozenset({"registered", "asked", "requested", *EXECUTIONS, "released", "superseded", *ENDS, "adopted"})
"""The entries that a fold reads; all others are for people."""
_ADOPTED = ("asked", "executed", "released")
"""What an adoption is of the release that it names: whoever confirmed it stands for the approver."""
ASKED = ("atoll.release_id", "atoll.requested_at", "atoll.serving_image_digest")
_DECIDED = (*ASKED, "atoll.state", "atoll.approver", "atoll.reason", "atoll.crowned", "atoll.replaced")
Facts = Mapping[str, Sequence[AuditEntry]]


class RecordError(Exception):
    """The record can't be read as a whole: nothing moves forward until people have looked."""


@dataclass(frozen=True)
class Known:
    """What the record knows of a model: its versions, the newest first, and which is the champion."""

    versions: tuple[Version, ...] = ()
    champion: Version | None = None
    blocked: str = ""  # why nothing may move forward
    begun: datetime = LONG_AGO  # when people adopted what served; nothing before counts


def fold(entries: Iterable[AuditEntry]) -> Known:
    """Return what a set of entries of one model says: those since the newest adoption, if there was one."""
    given = sorted(entries, key=lambda entry: entry.order)
    begun = max((entry.at for entry in given if entry.what == "adopted"), default=LONG_AGO)
    known, unknown = [], set[int]()
    for entry in (each for each in given if each.at >= begun):
        if entry.schema not in SCHEMAS:
            unknown.add(entry.schema)
        elif entry.what in WHATS and str(entry.details.get("version", "")).isdecimal():
            known.append(entry)
    facts = _facts(known)
    champion = _champion(facts)
    versions = [_version(number, of, is_champion=number == champion) for number, of in facts.items()]
    newest_first = tuple(sorted(versions, key=lambda version: -int(version.number)))
    blocked = f"The record holds entries of schema {sorted(unknown)}, known are {sorted(SCHEMAS)}." if unknown else ""
    return Known(newest_first, next((v for v in newest_first if v.number == champion), None), blocked, begun)


def _facts(entries: Iterable[AuditEntry]) -> dict[str, Facts]:
    found: dict[str, dict[str, list[AuditEntry]]] = {}
    for entry in entries:
        of = found.setdefault(str(entry.details["version"]), {what: [] for what in WHATS})
        for what in _ADOPTED if entry.what == "adopted" else (entry.what,):
            of[what].append(entry)
    return dict(found)


def _champion(facts: Mapping[str, Facts]) -> str:
    """Return the number of the version that was released last and is neither ended nor replaced; empty for none.

    Who replaces it must have been released, too: until then the former one stays champion.
    """
    released = {_release(of) for of in facts.values() if of["released"]}
    alive = [
        (of["released"][-1].at, int(number))
        for number, of in facts.items()
        if of["released"] and not any(of[end] for end in ENDS) and not _is_replaced(of, released)
    ]
    return str(max(alive)[1]) if alive else ""


def _is_replaced(of: Facts, released: set[str]) -> bool:
    since = of["released"][-1].at
    return any(each.at >= since and each.details.get("by", _release(of)) in released for each in of["superseded"])


def _release(of: Facts) -> str:
    return next((str(e.details["atoll.release_id"]) for e in _asked(of) if "atoll.release_id" in e.details), "")


def _asked(of: Facts) -> Sequence[AuditEntry]:
    """Return the entries that tell how a version was asked for, the first first; those before schema 2 have one."""
    return [*of["asked"], *of["requested"], *(e for what in sorted(of) for e in of[what])]


def _version(number: str, of: Facts, *, is_champion: bool) -> Version:
    made = next(e for e in (*of["registered"], *_asked(of)))
    tags = {n: str(v) for n, v in made.details.items() if n.startswith("atoll.") and n not in _DECIDED}
    if asked := next((e for e in _asked(of) if "atoll.release_id" in e.details), None):
        tags |= {name: str(asked.details[name]) for name in ASKED if name in asked.details}
    tags |= {f"atoll.{name}": value for name, value in _decided(of, _release(of), is_champion=is_champion).items()}
    run_id = str(made.details.get("run_id", ""))
    return Version(model=made.model, number=number, run_id=run_id, tags=tags, change_sets=_change_sets(of))


def _change_sets(of: Facts) -> tuple[str, ...]:
    """Return the ARNs by which a release was asked for: those of its requests, and of approvals that tell of one."""
    named = [str(e.details["change_set"]) for e in (*of["executed"], *of["requested"]) if e.details.get("change_set")]
    return tuple(dict.fromkeys(named))


def _decided(of: Facts, release: str, *, is_champion: bool) -> dict[str, str]:
    """Return what was decided of a version, as tags: its state, who approved, when it was crowned, why it ended."""
    state = _state(of, is_champion=is_champion)
    found = {"state": state}
    if approver := approver_of(of, release):
        found["approver"] = approver
    if of["released"]:
        last = of["released"][-1]
        found |= {"crowned": last.at.isoformat(), "replaced": str(last.details.get("replaced", "none"))}
    if reason := _reason(of, state):
        found["reason"] = reason
    return found


def approver_of(of: Facts, release: str) -> str:
    """Return who executed a release: the submitter where that is one of them, for it must not be; empty for nobody."""
    own = submitter_of(release)
    executions = [entry for what in EXECUTIONS for entry in of[what]]
    if of["separation_of_duties_violated"] or any(e.who.casefold() == own.casefold() for e in executions):
        return own
    return executions[0].who if executions else ""


def _state(of: Facts, *, is_champion: bool) -> str:
    if end := next((end for end in ENDS if of[end]), ""):
        return end
    if of["released"]:
        return "released" if is_champion else "superseded"
    steps = {"superseded": "superseded", **dict.fromkeys(EXECUTIONS, "executing"), "requested": "requested"}
    return next((state for what, state in steps.items() if of[what]), "registered")


def _reason(of: Facts, state: str) -> str:
    if of["separation_of_duties_violated"]:
        return str(of["separation_of_duties_violated"][0].details.get("reason", "executed by its own submitter"))
    ended = of.get(state, ()) if state in {"superseded", *ENDS} else ()
    return str(ended[-1].details.get("reason", "")) if ended else ""
