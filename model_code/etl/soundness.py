"""Whether a staged ledger may be used: not too much of it set aside, and every warning looked at by people."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from model_code.errors import InputError
from model_code.etl.checking import DUPLICATE, FileRead
from model_code.etl.doubts import Doubt, doubts
from model_code.etl.mapping import ALL, SET_ASIDE, ColumnMapping
from model_code.etl.parts import Ledger
from model_code.etl.shapes import NO_PURCHASES

LEAST_ASIDE = 10
"""So few rows may always be set aside: in a day's file they are more than a twentieth."""
_EITHER = ("either.", "either,")


@dataclass(frozen=True)
class Judgement:
    """The warnings that a ledger gives, those that nobody acknowledged, and what refuses it, if anything does."""

    found: Sequence[Doubt]
    open: Sequence[Doubt]
    refusal: InputError | None

    def expect(self) -> None:
        """Go on only with a ledger that may be used.

        Raises:
            InputError: what refuses it.
        """
        if self.refusal:
            raise self.refusal


def judged(ledger: Ledger, mapping: ColumnMapping, also: Sequence[Doubt] = ()) -> Judgement:
    """Look at a ledger as a whole; `also` are warnings that come from beside it.

    It is refused where amounts can be read in two ways, too many rows were set aside, a warning isn't acknowledged, or
    no row was accepted.
    """
    found = [*doubts(ledger), *also]
    open_ones = [doubt for doubt in found if not doubt.acknowledged(mapping.acknowledged)]
    try:
        expect_decimals(ledger, mapping)
        _expect_sound(ledger, too_many_aside(ledger, mapping), open_ones)
        _expect_rows(ledger)
    except InputError as error:
        return Judgement(found, open_ones, error)
    return Judgement(found, open_ones, None)


def _expect_sound(ledger: Ledger, over: Sequence[str], open_ones: Sequence[Doubt]) -> None:
    if over or open_ones:
        told = " ".join([*over, *_told(open_ones)])
        raise InputError(f"{ledger.name} can't be used as it is. {told}")


def _expect_rows(ledger: Ledger) -> None:
    if not ledger.rows:
        reasons = ledger.reasons
        shown = ", ".join(f"{reason} ({rows}{examples(ledger.files, reason)})" for reason, rows in reasons.items())
        raise InputError(f"{ledger.name} has no row that can be used: {shown or 'it has no rows'}.")


def expect_decimals(ledger: Ledger, mapping: ColumnMapping) -> None:
    """Check that undeclared decimals can be told from thousands.

    Raises:
        InputError: they can't.
    """
    if mapping.form.decimal is not None:
        return
    marks = {
        what: (file, file.seen[what])
        for file in reversed(ledger.files)
        for what in (".", ",", *_EITHER)
        if what in file.seen
    }
    if "," in marks:
        file, seen = marks[","]
        raise InputError(
            f"{file.name}, line {seen.line}: the amount `{seen.text}` seems to have a decimal comma. Declare "
            'decimal = "," in the column '
            f"mapping{' (other amounts have a point: mend one of both)' if '.' in marks else ''}."
        )
    for what in _EITHER:
        if what in marks and not (what == "either," and "." in marks):
            file, seen = marks[what]
            raise InputError(
                f"{file.name}, line {seen.line}: the amount `{seen.text}` can be read in two ways, with thousands or "
                "with "
                'three decimals. Declare decimal = "." or decimal = "," in the column mapping.'
            )


def too_many_aside(ledger: Ledger, mapping: ColumnMapping) -> list[str]:
    """Sentences on reasons that set more rows aside than the mapping lets them."""
    reasons = counted_reasons(ledger)
    rows = sum(file.read - sum(file.reasons[each] for each in NO_PURCHASES) for file in ledger.files)
    others = {reason: count for reason, count in reasons.items() if reason not in mapping.limits}
    checks = [
        ({reason: reasons[reason]}, mapping.limits[reason], reason) for reason in reasons if reason in mapping.limits
    ]
    checks.append((others, mapping.limits.get(ALL, SET_ASIDE), ALL))
    told = []
    for counts, limit, name in checks:
        aside = sum(counts.values())
        if aside >= LEAST_ASIDE and aside > limit * rows:
            shown = "; ".join(
                f"{reason} ({count}{examples(ledger.files, reason)})" for reason, count in Counter(counts).most_common()
            )
            told.append(
                f"{ledger.name}: {aside} of {rows} rows can't be used, {aside / rows:.0%} and at most {limit:.0%} may "
                "be: "
                f"{shown}. quarantine.csv has them all. Correct the column mapping, or raise the limit on purpose: "
                f'[limits] "{name}" = {min(1.0, aside / rows + 0.005):.2f}.'
            )
    return told


def counted_reasons(ledger: Ledger) -> Counter[str]:
    """The reasons that count toward the share set aside: not blank lines, totals, and equal repeats of a row."""
    reasons: Counter[str] = Counter()
    for file in ledger.files:
        reasons.update({reason: count for reason, count in file.reasons.items() if reason not in NO_PURCHASES})
    if differing := ledger.ids().differing:
        reasons[DUPLICATE] += differing
    return reasons


def examples(files: list[FileRead], reason: str) -> str:
    """The first rows of a reason: file, line, masked value."""
    for file in files:
        if shown := file.examples.get(reason):
            return f": {file.name}, " + ", ".join(f"line {line} `{text}`" for line, text in shown)
    return ""


def _told(open_ones: Sequence[Doubt]) -> list[str]:
    if not open_ones:
        return []
    told = [f"{doubt.kind}: {doubt.sentence}" for doubt in open_ones]
    return [
        *told,
        "If it is as it should be, acknowledge it in the column mapping (docs/mapping.md):",
        *map(_how, open_ones),
    ]


def _how(doubt: Doubt) -> str:
    for_what = f'file = "{min(doubt.files)}"' if len(doubt.files) == 1 else f"from = {doubt.first}, to = {doubt.last}"
    return f'[[acknowledged]] warning = "{doubt.kind}", {for_what}, why = "...".'
