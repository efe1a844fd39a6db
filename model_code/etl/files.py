"""Which files a ledger is: one, a folder of months or partitions, or what an archive holds. Told by their bytes."""

import shutil
import tempfile
import zipfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from model_code.errors import InputError
from model_code.etl.writing import sha256_of

GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC, _OLE_MAGIC, _PARQUET_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"PAR1"
_TEXTS = (".csv", ".tsv", ".txt", ".tab", ".csv.gz", ".tsv.gz", ".txt.gz")
_BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
ENDINGS = (*_TEXTS, *_BOOKS, ".parquet", ".zip")
MOST_MEMBERS, MOST_BYTES = 10_000, 64 << 30


class Kind(StrEnum):
    """What a file is inside."""

    TEXT = "text"
    BOOK = "workbook"
    PARQUET = "parquet"
    ARCHIVE = "zip"


@dataclass(frozen=True)
class LedgerFile:
    """One file of a ledger: its name for people, where it lies, its sha256, and what its folders say (`year=2025`)."""

    name: str
    path: Path
    sha256: str
    folders: dict[str, str] = field(default_factory=dict)


class Hashed(Protocol):
    """A file with a name and its sha256."""

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def sha256(self) -> str:
        """Of its bytes."""
        ...


@contextmanager
def files_of(ledger: Path) -> Generator[list[LedgerFile]]:
    """The files of a ledger, by name: the one file, all that lie below a folder, all that an archive holds.

    Names that begin with a dot, an underscore or `~$` are no ledger's.

    Raises:
        InputError: there is none, one has another ending, or an archive can't be unpacked.
    """
    with tempfile.TemporaryDirectory() as scratch:
        found = list(_files(ledger, Path(scratch)))
        expect_some(found, ledger.name)
        yield found


def expect_some(files: Sequence[object], name: str) -> None:
    """Go on only with a ledger that has files.

    Raises:
        InputError: it has none.
    """
    if not files:
        raise InputError(f"There is no ledger in {name}: expected files that end in {', '.join(ENDINGS)}.")


def ledger_sha256(files: Sequence[Hashed]) -> str:
    """One file's sha256; of several, the sha256 of the lines `sha256  name`, as sha256sum writes them."""
    if len(files) == 1:
        return files[0].sha256
    return sha256("".join(f"{each.sha256}  {each.name}\n" for each in files).encode()).hexdigest()


def folders_of(name: str) -> dict[str, str]:
    """What the folders in a file's name say of its rows (`year=2025/month=01/x.csv`)."""
    return dict(part.split("=", 1) for part in name.split("/")[:-1] if "=" in part)


def expect_ending(name: str) -> None:
    """Go on only with a file whose name says that it can be read.

    Raises:
        InputError: it says something else.
    """
    if not name.lower().endswith(ENDINGS):
        raise InputError(f"{name} is no ledger that can be read: its name must end in {', '.join(ENDINGS)}.")


def kind_of(path: Path) -> Kind:
    """What a file is by its first bytes, whatever its name says."""
    with path.open("rb") as source:
        first = source.read(4)
    if first == _PARQUET_MAGIC:
        return Kind.PARQUET
    if first == _OLE_MAGIC:
        return Kind.BOOK
    if first != _ZIP_MAGIC:
        return Kind.TEXT
    try:
        with zipfile.ZipFile(path) as archive:
            return Kind.BOOK if {"[Content_Types].xml", "mimetype"} & set(archive.namelist()) else Kind.ARCHIVE
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(f"{path.name} is an archive that can't be read; it may be cut off: {error}.") from error


def _files(ledger: Path, scratch: Path) -> Iterator[LedgerFile]:
    paths = [ledger] if not ledger.is_dir() else [path for path in sorted(ledger.rglob("*")) if path.is_file()]
    for path in paths:
        name = path.name if path == ledger else path.relative_to(ledger).as_posix()
        if path != ledger and is_hidden(name):
            continue
        yield from _file(name, path, scratch)


def _file(name: str, path: Path, scratch: Path) -> Iterator[LedgerFile]:
    expect_ending(name)
    try:
        if kind_of(path) is Kind.ARCHIVE:
            yield from _members(name, path, scratch)
            return
        yield LedgerFile(name, path, sha256_of(path), folders_of(name))
    except OSError as error:
        raise InputError(f"{name} can't be read; it may be damaged or cut off: {error}.") from error


def _members(name: str, path: Path, scratch: Path) -> Iterator[LedgerFile]:
    with zipfile.ZipFile(path) as archive:
        members = [each for each in archive.infolist() if not each.is_dir() and not is_hidden(each.filename)]
        if len(members) > MOST_MEMBERS or sum(each.file_size for each in members) > MOST_BYTES:
            raise InputError(f"{name} holds more than {MOST_MEMBERS} files or {MOST_BYTES} bytes: hand in folders.")
        for number, member in enumerate(sorted(members, key=lambda each: each.filename)):
            target = scratch / f"{len(list(scratch.iterdir()))}-{number}" / Path(member.filename).name
            target.parent.mkdir()
            try:
                with archive.open(member) as source, target.open("wb") as unpacked:
                    shutil.copyfileobj(source, unpacked)
            except (RuntimeError, NotImplementedError, zipfile.BadZipFile, EOFError) as error:
                raise InputError(
                    f"{member.filename} of {name} can't be unpacked; it is damaged or locked by a password: {error}."
                ) from error
            yield from _file(f"{name}/{member.filename}", target, scratch)


def is_hidden(name: str) -> bool:
    """Whether a file isn't the agency's: Spark's `_SUCCESS`, a desktop's `.DS_Store`, Office's lock `~$book.xlsx`."""
    return any(part.startswith((".", "_", "~$")) for part in name.split("/"))
