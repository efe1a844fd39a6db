"""`etl --score` with a state: of the history only what the new rows' features need is read; nothing is checked again.

Every value equals that of a full computation over the same rows, bit by bit.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
from ibis.expr.types import Table

from model_code.errors import InputError
from model_code.etl.engine import Engine
from model_code.etl.engines import duckdb_engine
from model_code.etl.files import files_of, ledger_sha256
from model_code.etl.overlap import marked
from model_code.etl.ready import (
    Work,
    counted,
    earlier_scores,
    first_and_last,
    staged_history,
    staged_new,
    write_ready,
)
from model_code.etl.staging import Staged
from model_code.etl.state import (
    Files,
    Made,
    State,
    UnfitError,
    carry_over,
    mapping_sha256,
    named,
    part_of,
    read_state,
    write_state,
)
from model_code.etl.state_fit import expect_fit, expect_lasting_ids, expect_nothing_lost, expect_unscored, expect_whole
from model_code.etl.state_parts import KEYS, Making, Parts, write_part
from model_code.features.among import windows_among
from model_code.features.build import features_from, needed_windows, prepare, read_by, texts_of
from model_code.version import code_sha256


def with_state(work: Work) -> dict[str, Any]:
    """Make the new rows ready by the state, and write the state after them; returns what the manifest says.

    Raises:
        InputError: the state or the new rows can't be used.
    """
    assert work.job.states  # noqa: S101 (who calls it has looked)
    expect_lasting_ids(work.mapping)
    after = work.job.states.after
    after.mkdir(parents=True, mode=0o700, exist_ok=True)
    with duckdb_engine(work.scratch) as engine:
        state = _before(work, engine)
        expect_unscored(state, _files(work.job.new) or {})
        history = Parts(state.folders(after), engine)
        of_ids = history.content()
        new, known, aside = staged_new(work, engine, lambda rows: of_ids.semi_join(rows, "transaction_id"))
        rows = engine.numbered(marked(known, new.checked, earlier_scores(work, engine), work.view.compared))
        part = after / f"{int(state.parts[-1].name) + 1:06}"
        write_part(part, rows, state.next_at, history, _making(work), known)
        objects = write_ready(work, rows, _features(work, rows, part, state, history), engine)
        grown = _grown(state, new, rows, known, Parts([*history.folders, part], engine))
        count = engine.size(rows)
        accepted = {"history": state.accepted, "new": count}
        report = {"accepted": accepted, "reasons": {"history": dict(state.reasons), "new": aside}}
        return {
            "ledger_sha256": state.ledger_sha256,
            "new_sha256": ledger_sha256(new.files),
            "state_before_sha256": state.sha256,
            "state_sha256": write_state(grown, after, engine),
            "rows": count,
            "statuses": counted(work, rows, engine, report),
            "history_from": grown.first_day,
            "until": grown.last_day,
            "objects": objects,
        }


def _grown(state: State, new: Staged, rows: Table, known: Table, after: Parts) -> State:
    """The state with the new rows, the last of the parts after them; `known` are those that they correct."""
    count = after.engine.size(rows)
    first, last = _days(state, rows, known, after)
    return replace(
        state,
        added={**state.added, **named(new.files)},
        parts=[*state.parts, part_of(after.folders[-1], count)],
        next_at=state.next_at + count,
        first_day=first,
        last_day=last,
        accepted=state.accepted + count - after.engine.size(known),
        fits_until=min(filter(None, [state.fits_until, new.future]), default=None),
    )


def _days(state: State, rows: Table, known: Table, after: Parts) -> tuple[str, str]:
    """The days between which the rows lie that count, once those that are `known` are corrected."""
    first, last = first_and_last(rows, after.engine)
    if after.engine.size(known):
        gone = first_and_last(known, after.engine)
        if gone[0] == state.first_day or gone[1] == state.last_day:
            return first_and_last(after.content(), after.engine)
    return min(first, state.first_day), max(last, state.last_day)


def _before(work: Work, engine: Engine) -> State:
    """The state that the new rows come to, its parts in the folder of the state after them.

    Raises:
        InputError: the one that was handed in doesn't fit, and can't be made anew without losing rows.
    """
    job, made = work.job, Made(code_sha256(), mapping_sha256(work.job.mapping), work.view.name)
    assert job.states  # noqa: S101 (who calls has looked)
    before, after = job.states
    state, ledger = None, _files(job.ledger)
    try:
        state = read_state(before)
        expect_whole(state, before)
        expect_fit(state, made, ledger)
    except UnfitError as why:
        if job.ledger is None or ledger is None:
            raise InputError(
                f"The state can't be used: {why}. It can be made anew from the whole history: hand in the ledger."
            ) from None
        if state:
            expect_nothing_lost(state, ledger, why, add_lines=work.mapping.add_lines)
        work.say(f"the state is made anew from {job.ledger.name}: {why}")
        return _made_of(work, job.ledger, made, after, engine)
    carry_over(state, before, after)
    rows, days = f"{state.accepted:,} rows", f"{state.first_day} to {state.last_day}"
    work.say(f"the state fits: {rows}, {days}, of {len(state.files)} files")
    return state


def _files(ledger: Path | None) -> Files | None:
    if ledger is None:
        return None
    with files_of(ledger) as files:
        return named(files)


def _made_of(work: Work, ledger: Path, made: Made, after: Path, engine: Engine) -> State:
    """A state of a whole history."""
    history, reasons = staged_history(work, ledger, engine)
    rows = engine.numbered(history.checked)
    count = engine.size(rows)
    nothing = rows.limit(0).select(at="row")
    write_part(after / f"{0:06}", rows, 0, Parts([], engine), _making(work), nothing)
    first, last = first_and_last(rows, engine)
    return State(
        made=made,
        history=named(history.files),
        added={},
        parts=[part_of(after / f"{0:06}", count)],
        next_at=count,
        first_day=first,
        last_day=last,
        accepted=count,
        reasons=reasons,
        fits_until=history.future,
    )


def _making(work: Work) -> Making:
    return Making(work.view, work.also, work.mapping.thresholds)


def _features(work: Work, rows: Table, part: Path, state: State, history: Parts) -> Table:
    """The features of the new rows, which are the part that was written last."""
    engine, made = history.engine, _making(work)
    prepared = engine.keep(prepare(rows, thresholds=made.thresholds, view=made.view))
    windows = needed_windows(made.view, made.also)
    keys = engine.read(part / KEYS)
    keys = keys.mutate(row=keys["at"] - state.next_at)
    # A blank owner's key is nobody else's: each gets a number that no text has.
    nobodys = (ibis.literal(-1) - keys["row"]).cast("int32")
    alone = {name: keys[name].coalesce(nobodys) for name in texts_of(prepared, read_by(windows))}
    asked = engine.keep(keys.mutate(**alone))
    [days] = engine.rows(asked.aggregate(first=asked["day"].min(), last=asked["day"].max())).to_pylist()
    older = Parts([*history.folders, part], engine).keys()
    others = older.filter(older["at"] < state.next_at)
    found = windows_among(asked, others, windows, engine.keep, days=(days["first"], days["last"]))
    return features_from(prepared.join(found, "row"), made.view, made.also)
