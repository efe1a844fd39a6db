"""The metric gate: a candidate against an absolute minimum, or on real labels against rules, and against the champion.

All on the same held-out rows.

Pure: figures in, a reason out. Whatever is missing, not a number from 0 to 1, or not comparable is refused.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from lambdas.release.lift import CHAMPION, RULES, lift_problem, mapping

METRIC = "average_precision"
REAL = "given"
"""Labels that people gave. A candidate on them is judged by its lift, for any average precision of them is low."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """What a candidate must reach. Regressions are what may be lost of `METRIC` against the champion."""

    minimum: float
    regression: float
    slice_fields: Sequence[str] = ()
    slice_minimum_anomalies: int = 1
    slice_regression: float = 1.0

    def judges(self, figures: Mapping[str, object]) -> bool:
        """Say whether a slice holds enough anomalies to be told from chance, and something else to tell them from."""
        rows, anomalies = figures["rows"], figures["anomalies"]
        return _is_count(anomalies) and anomalies >= self.slice_minimum_anomalies and anomalies != rows


def problem(gate: Gate, metrics: Mapping[str, object], champion: str | None) -> str | None:
    """Return why the gate refuses a candidate; None when it passes.

    `metrics` is the candidate's metrics.json, `champion` the manifest's sha256 of the version that serves (None: there
    is none). The comparison that counts is the one that the training made on its own held-out rows.
    """
    found = metrics.get(METRIC)
    if found is None and isinstance(few := metrics.get("too_few"), str):
        return f"it has no figure of quality: {few:.300}"
    if not _is_share(found):
        return f"{METRIC} is {found!r}, expected a number from 0 to 1"
    compared = mapping(metrics.get("champion")) if champion else {}
    if metrics.get("labels") == REAL:
        problems = _lift_problems(metrics, champion)
    else:
        problems = _problems(gate, found, metrics, champion)
    if reason := next(problems, None):
        return reason
    former = mapping(compared.get("slices")) if champion else None
    return next(_slice_problems(gate, mapping(metrics.get("slices")), former), None)


def _problems(gate: Gate, found: float, metrics: Mapping[str, object], champion: str | None) -> Iterator[str]:
    """Yield what is wrong with a figure on labels that an injector gave: they are many, and always as hard."""
    if found < gate.minimum:
        yield f"{METRIC} {found:.4f} is below the minimum of {gate.minimum:.4f}"
    if champion:
        compared = mapping(metrics.get("champion"))
        yield from _uncompared(compared, champion)
        former = compared.get(METRIC)
        if not _is_share(former):
            yield f"the champion's {METRIC} is {former!r}, so the candidate can't be compared with it"
        elif reason := _loss(METRIC, found, former, gate.regression):
            yield reason


def _lift_problems(metrics: Mapping[str, object], champion: str | None) -> Iterator[str]:
    """Yield what is wrong with a candidate on labels that people gave."""
    yield from filter(None, [lift_problem(metrics.get("lift"), RULES)])
    if champion:
        yield from _uncompared(mapping(metrics.get("champion")), champion)
        yield from filter(None, [lift_problem(metrics.get("lift"), CHAMPION)])


def _uncompared(compared: Mapping[str, object], champion: str) -> Iterator[str]:
    if compared.get("manifest_sha256") != champion:
        yield (
            f"it was compared with {compared.get('manifest_sha256') or 'no champion'}, and the champion is {champion}: "
            "train it again with the champion's archive in the channel `champion`"
        )
    if "incomparable" in compared:
        yield f"the champion could not be measured on the candidate's held-out rows: {compared['incomparable']!s:.300}"


def _slice_problems(gate: Gate, slices: Mapping[str, object], former: object) -> Iterator[str]:
    """Yield what is wrong with the declared fields' slices, each against the champion's slice of the same rows."""
    for field in gate.slice_fields:
        values = mapping(slices.get(field))
        if not values:
            yield f"its metrics have no slices by {field!r}, which the gate wants to see"
        for value, figures in sorted(values.items()):
            name, mine = f"{field}={value}", mapping(figures)
            if reason := _counts_problem(name, mine):
                yield reason
            elif gate.judges(mine):
                yield from filter(None, [_slice_problem(gate, name, mine, _their_slice(former, field, value))])


def _their_slice(former: object, field: str, value: str) -> Mapping[str, object] | None:
    return None if former is None else mapping(mapping(mapping(former).get(field)).get(value))


def _counts_problem(name: str, mine: Mapping[str, object]) -> str | None:
    rows, anomalies = mine.get("rows"), mine.get("anomalies")
    if _is_count(rows) and _is_count(anomalies) and anomalies <= rows:
        return None
    return f"slice {name} has {rows!r} rows and {anomalies!r} anomalies, expected counts"


def _slice_problem(
    gate: Gate, name: str, mine: Mapping[str, object], theirs: Mapping[str, object] | None
) -> str | None:
    if not _is_share(found := mine.get(METRIC)):
        return f"slice {name} has the {METRIC} {found!r}, expected a number from 0 to 1"
    if theirs is None:
        return None
    rows, anomalies = mine["rows"], mine["anomalies"]
    if (theirs.get("rows"), theirs.get("anomalies")) != (rows, anomalies):
        return f"slice {name} has {rows} rows for the candidate and {theirs.get('rows')!r} for the champion"
    if not _is_share(former := theirs.get(METRIC)):
        return f"slice {name} has the {METRIC} {former!r} for the champion, so it can't be compared"
    return _loss(f"slice {name}: {METRIC}", found, former, gate.slice_regression)


def _loss(name: str, found: float, former: float, most: float) -> str | None:
    if former - found <= most:
        return None
    loss = f"loses {former - found:.4f} against the champion's {former:.4f}"
    return f"{name} {found:.4f} {loss}, at most {most:.4f} may be lost"


def _is_share(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
