"""The state between scorings: the history as windows read it, so that a new day costs what the day costs.

A folder with a manifest and parts (`model_code.etl.state_parts`). The manifest says by sha256 what code and mapping
made it, which files it holds the rows of, and what each of its own files is; and it has a sha256 of its own. What
doesn't fit is said and made anew. It holds purchases as published: docs/score.md has key, retention and deletion.
"""

import hashlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from model_code.etl.engines import Engine
from model_code.etl.files import Hashed, ledger_sha256
from model_code.etl.state_parts import FILES, Parts, merge
from model_code.etl.writing import sha256_of, write_json

MANIFEST = "manifest.json"
VERSION = 1
_JUDGING = ("acknowledged", "limits")
"""What a mapping lets pass changes no row that was read."""
_SHOWN = 3
_PART = re.compile("[0-9]{6}")
Files: TypeAlias = Mapping[str, str]
"""Names of a ledger's files by their sha256."""


class UnfitError(Exception):
    """Why a state can't be used, as the end of a sentence."""


class Made(NamedTuple):
    """What all rows of a state have in common with those that are to be scored."""

    code_sha256: str
    mapping_sha256: str
    view: str


class NamedFile(NamedTuple):
    """A file of a ledger, as a manifest has it."""

    name: str
    sha256: str


class Part(NamedTuple):
    """A folder of rows that came together, and the sha256 of each of its files."""

    name: str
    rows: int
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class State:
    """What a manifest says. `history` are the files it was made from, `added` those that were scored with it since."""

    made: Made
    history: Files
    added: Files
    parts: Sequence[Part]
    next_at: int
    first_day: str
    last_day: str
    accepted: int
    reasons: Mapping[str, int]

    @property
    def files(self) -> list[str]:
        """The sha256 of all files whose rows it holds."""
        return [*self.history, *self.added]

    @property
    def ledger_sha256(self) -> str:
        """As `ledger_sha256` of a ledger of all these files."""
        return ledger_sha256([NamedFile(name, sha256) for sha256, name in {**self.history, **self.added}.items()])

    def folders(self, folder: Path) -> list[Path]:
        """Where its parts lie."""
        return [folder / part.name for part in self.parts]


def mapping_sha256(mapping: Path | None) -> str:
    """The sha256 of what a mapping says of rows, however it is written."""
    told = tomllib.loads(mapping.read_text(encoding="utf-8-sig")) if mapping else None
    kept = {name: value for name, value in told.items() if name not in _JUDGING} if told is not None else None
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()


def named(files: Sequence[Hashed]) -> Files:
    """A ledger's files as a manifest has them."""
    return {each.sha256: each.name for each in files}


def is_state(folder: Path) -> bool:
    """Whether a folder holds a state and nothing else; an empty one is one to be."""
    return folder.is_dir() and all(
        each.name in {MANIFEST, "before"} or _PART.fullmatch(each.name) for each in folder.iterdir()
    )


def read_state(folder: Path) -> State:
    """The state in a folder, each of its files looked at.

    Raises:
        UnfitError: there is none, or a file is missing, damaged, or of another version of this code.
    """
    if not (folder / MANIFEST).exists():
        raise UnfitError("there is none yet")
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
        if told["version"] != VERSION:
            raise UnfitError(f"it is of version {told['version']}, and this code reads version {VERSION}")
        sha256 = told.pop("sha256")
        damaged = sha256 != _sha256(told)
        del told["version"]
        parts = [Part(**part) for part in told.pop("parts")]
        state = State(Made(**told.pop("made")), parts=parts, **told)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise UnfitError(f"its {MANIFEST} can't be read") from None
    if damaged:
        raise UnfitError(f"its {MANIFEST} was changed: its sha256 is another")
    expected = {f"{part.name}/{name}": part.sha256.get(name) for part in parts for name in FILES}
    with ThreadPoolExecutor() as threads:
        for name, found in zip(expected, threads.map(_sha256_or_none, map(folder.joinpath, expected)), strict=True):
            if found != expected[name]:
                raise UnfitError(f"its file {name} is {'missing' if found is None else 'damaged'}")
    return state


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
    if ledger is None:
        return
    if late := [name for sha256, name in ledger.items() if sha256 not in state.files]:
        raise UnfitError(
            f"the ledger has files that it doesn't know, with later, late or corrected rows ({_some(late)})"
        )
    if gone := [name for sha256, name in state.history.items() if sha256 not in ledger]:
        raise UnfitError(f"the ledger lacks files that it was made from ({_some(gone)})")


def carry_over(state: State, before: Path, after: Path) -> None:
    """Bring the parts of a state to another folder; where both lie on one disk, they share the bytes."""
    for part in state.parts:
        (after / part.name).mkdir(mode=0o700)
        for name in FILES:
            source, target = before / part.name / name, after / part.name / name
            try:
                os.link(source, target)
            except OSError:
                shutil.copyfile(source, target)


def write_state(state: State, folder: Path, engine: Engine) -> str:
    """Write the manifest, once the last parts are merged that are nearly as large as those before; its sha256.

    So a state of n days has about log n parts, and each row is written anew as seldom.
    """
    parts = list(state.parts)
    while len(parts) > 1 and parts[-1].rows * 2 > parts[-2].rows:
        *parts, one, two = parts
        name = f"{int(two.name) + 1:06}"
        folders = [folder / one.name, folder / two.name]
        merge(Parts(folders, engine), folder / name)
        for each in folders:
            shutil.rmtree(each)
        parts.append(part_of(folder / name, one.rows + two.rows))
    plain = {"parts": [part._asdict() for part in parts], "made": state.made._asdict()}
    manifest = {"version": VERSION, **vars(state), **plain}
    sha256 = _sha256(manifest)
    write_json(folder / MANIFEST, manifest | {"sha256": sha256})
    return sha256


def part_of(folder: Path, rows: int) -> Part:
    """A part that was written."""
    return Part(folder.name, rows, {name: sha256_of(folder / name) for name in FILES})


def _sha256(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _sha256_or_none(path: Path) -> str | None:
    return sha256_of(path) if path.is_file() else None


def _some(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
