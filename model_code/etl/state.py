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
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, TypeAlias

from model_code.errors import InputError
from model_code.etl.engines import Engine
from model_code.etl.files import Hashed, ledger_sha256
from model_code.etl.state_parts import FILES, Parts, merge
from model_code.etl.writing import sha256_of, write_json

MANIFEST = "manifest.json"
VERSION = 2
_JUDGING = ("acknowledged", "limits")
"""What a mapping lets pass changes no row that was read."""
_PART = re.compile("[0-9]{6}")
Files: TypeAlias = Mapping[str, str]
"""Names of a ledger's files by their sha256, in the order in which their rows count: of an id, the last one's do."""


class UnfitError(Exception):
    """Why a state is to be made anew, as the end of a sentence."""


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
    """What a manifest says. `history` are the files it was made from, `added` those that were scored with it since.

    On the day `fits_until`, rows begin to count that were in the future when they were read. `sha256` is that of the
    manifest that was read.
    """

    made: Made
    history: Files
    added: Files
    parts: Sequence[Part]
    next_at: int
    first_day: str
    last_day: str
    accepted: int
    reasons: Mapping[str, int]
    fits_until: str | None
    sha256: str | None = None

    @property
    def files(self) -> list[str]:
        """The sha256 of all files whose rows it holds."""
        return [*self.history, *self.added]

    @property
    def ledger_sha256(self) -> str:
        """As `ledger_sha256` of a folder of all these files, which come by name there."""
        files = [NamedFile(name, sha256) for sha256, name in {**self.history, **self.added}.items()]
        return ledger_sha256(sorted(files, key=lambda each: (PurePosixPath(each.name), each.sha256)))

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
    return folder.is_dir() and all(each.name == MANIFEST or _PART.fullmatch(each.name) for each in folder.iterdir())


def read_state(folder: Path) -> State:
    """The state in a folder, as its manifest has it; `expect_whole` looks at its other files.

    Raises:
        UnfitError: there is none.
        InputError: its manifest can't be read, so that nobody knows whose rows it holds.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        raise UnfitError("there is none yet")
    if (told := _told(folder)) is None:
        raise _unreadable("can't be read")
    if told["version"] != VERSION:
        raise _unreadable(f"is of version {told['version']}, and this code reads version {VERSION}")
    sha256 = told.pop("sha256", None)
    if sha256 != _sha256(told):
        raise _unreadable("was changed: its sha256 is another")
    del told["version"]
    parts = [Part(**part) for part in told.pop("parts")]
    history, added = dict(told.pop("history")), dict(told.pop("added"))
    return State(Made(**told.pop("made")), history, added, parts, **told, sha256=sha256)


def _told(folder: Path) -> dict[str, Any] | None:
    try:
        told = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) and "version" in told else None


def _unreadable(why: str) -> InputError:
    return InputError(
        f"The state can't be used: its {MANIFEST} {why}. So nobody can tell which files were scored with it. Bring "
        "it back from a copy; or delete it, and hand in a ledger that has these files, too."
    )


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
    plain = {
        "parts": [part._asdict() for part in parts],
        "made": state.made._asdict(),
        "history": [*map(list, state.history.items())],
        "added": [*map(list, state.added.items())],
    }
    manifest = {"version": VERSION, **vars(state), **plain}
    del manifest["sha256"]
    sha256 = _sha256(manifest)
    write_json(folder / MANIFEST, manifest | {"sha256": sha256})
    return sha256


def part_of(folder: Path, rows: int) -> Part:
    """A part that was written."""
    return Part(folder.name, rows, {name: sha256_of(folder / name) for name in FILES})


def _sha256(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
