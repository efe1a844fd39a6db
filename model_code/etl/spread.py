"""A ledger's files on Spark's executors: each is read and checked by one of them, as on a host that has them all."""

import re
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pyarrow as pa

from model_code.errors import InputError
from model_code.etl.checking import LINES, REJECTED, Checking, FileRead
from model_code.etl.files import LedgerFile, expect_ending, expect_some, folders_of, is_hidden
from model_code.etl.mapping import ColumnMapping
from model_code.etl.own_values import DTYPES

LARGEST = 1 << 30
"""An executor holds a file's bytes while it reads them."""
_DAY = pa.timestamp("us")
_TYPES = {"amount": pa.float64(), "label": pa.int8(), "transaction_date": _DAY, "posting_date": _DAY}
_OWN_TYPES = {"float64": pa.float64(), "datetime64[us]": _DAY}
_GLOB = re.compile(r"([\\*?\[\]{}])")


class SparkFile(NamedTuple):
    """A file of a ledger: where Spark finds it, its name for people, its number among them."""

    path: str
    name: str
    number: int


Work = Callable[[SparkFile, LedgerFile], Iterator[pa.Table]]
"""What an executor makes of a file."""


def listed(session: Any, ledger: str) -> list[SparkFile]:  # noqa: ANN401 (Spark's own)
    """The files below a URI, by name, as one host would have them.

    Raises:
        InputError: there is none, or one can't be read so.
    """
    found = _binary(session, [ledger]).select("path", "length").toArrow().to_pylist()
    root = _plain(ledger)
    lengths = {_plain(each["path"]).removeprefix(root).lstrip("/"): each for each in found}
    names = {name or PurePosixPath(root).name: each for name, each in lengths.items() if not is_hidden(name)}
    expect_some(list(names), PurePosixPath(root).name)
    for name, each in names.items():
        expect_readable(name, each["length"])
    ordered = sorted(names, key=lambda name: name.split("/"))
    return [SparkFile(names[name]["path"], name, number) for number, name in enumerate(ordered)]


def expect_readable(name: str, length: int) -> None:
    """Go on only with a file that an executor can read.

    Raises:
        InputError: it can't.
    """
    expect_ending(name)
    if name.lower().endswith(".zip"):
        raise InputError(f"{name} is an archive, and --engine spark opens none: hand in the files that it holds.")
    if length > LARGEST:
        raise InputError(
            f"{name} has {length:,} bytes, and --engine spark reads a file of at most {LARGEST:,} at a time: hand it "
            "in as several files, such as one a month."
        )


def checked(session: Any, files: list[SparkFile], checking: Checking) -> Any:  # noqa: ANN401 (Spark's own)
    """A frame of every row, those set aside with a reason; for each file, a row with its `number` says what it gave."""
    return _worked(session, files, checker(checking), schema_of(checking.mapping))


def checker(checking: Checking) -> Work:
    """What hands over a file's rows; what refuses it, too, is only told, so that the first file's word counts."""

    def check(file: SparkFile, local: LedgerFile) -> Iterator[pa.Table]:
        try:
            with checking.checked(local, file.number) as (read, parts):
                for part in parts:
                    yield part.accepted
                    yield part.rejected
            told = {"number": [file.number], "told": [read.as_json()]}
        except InputError as error:
            told = {"number": [file.number], "refused": [str(error)]}
        yield pa.table(told)

    return check


def read_of(frame: Any) -> list[FileRead]:  # noqa: ANN401 (Spark's own)
    """What each file gave, of a frame that `checked` made.

    Raises:
        InputError: what the first file said that can't be used.
    """
    told = frame.filter("number IS NOT NULL").select("number", "told", "refused").toArrow().to_pylist()
    told.sort(key=lambda each: each["number"])
    if refusals := [each["refused"] for each in told if each["refused"] is not None]:
        raise InputError(refusals[0])
    return [FileRead.of_json(each["told"]) for each in told]


def repeated(session: Any, files: list[SparkFile], checking: Checking, places: set[int]) -> Any:  # noqa: ANN401 (Spark's own)
    """A frame of the rows at these places as duplicates; a file is read again only where it has some."""

    def repeat(file: SparkFile, local: LedgerFile) -> Iterator[pa.Table]:
        yield from checking.repeated(local, file.number, places)

    numbers = {place // LINES for place in places}
    return _worked(session, [file for file in files if file.number in numbers], repeat, REJECTED)


def _worked(session: Any, files: list[SparkFile], work: Work, schema: pa.Schema) -> Any:  # noqa: ANN401 (Spark's own)
    """What executors make of files, held on their disks."""
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 (the model image has DuckDB only)

    types = from_arrow_schema(schema, prefer_timestamp_ntz=True)
    if not files:
        return session.createDataFrame([], types)
    known = {file.path: file for file in files}

    def on_an_executor(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for path, content in zip(batch["path"].to_pylist(), batch["content"], strict=True):
                yield from made(known[path], content.as_buffer(), work, schema)

    one_at_a_time = "spark.sql.execution.arrow.maxRecordsPerBatch"
    before = session.conf.get(one_at_a_time)
    session.conf.set(one_at_a_time, "1")
    try:
        contents = _binary(session, [file.path for file in files]).select("path", "content")
        return kept(contents.mapInArrow(on_an_executor, types))
    finally:
        session.conf.set(one_at_a_time, before)


def made(file: SparkFile, content: pa.Buffer, work: Work, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """What is made of a file by its bytes, on an executor: rows of one schema, whichever columns they have."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, PurePosixPath(file.name).name)
        path.write_bytes(content)
        local = LedgerFile(file.name, path, sha256(content).hexdigest(), folders_of(file.name))
        for table in work(file, local):
            given = {name: table[name] for name in table.column_names}
            empty = {name: pa.nulls(table.num_rows, schema.field(name).type) for name in schema.names}
            yield from pa.table(empty | given).select(schema.names).cast(schema).to_batches()


def schema_of(mapping: ColumnMapping) -> pa.Schema:
    """Of accepted rows, of those set aside, and of what a file of this number gave or was refused for."""
    types = _TYPES | {own.column: _OWN_TYPES[DTYPES[own.kind]] for own in mapping.own.columns if own.kind in DTYPES}
    accepted = {"line": pa.int64()} | {name: types.get(name, pa.string()) for name in mapping.carried}
    told = {"number": pa.int64(), "told": pa.string(), "refused": pa.string()}
    return pa.schema(accepted | {field.name: field.type for field in REJECTED} | told)


def kept(frame: Any) -> Any:  # noqa: ANN401 (Spark's own)
    """The rows of a frame, computed now and held on the executors' disks."""
    from pyspark import StorageLevel  # noqa: PLC0415 (the model image has DuckDB only)

    return frame.localCheckpoint(storageLevel=StorageLevel.DISK_ONLY)


def _binary(session: Any, paths: list[str]) -> Any:  # noqa: ANN401 (Spark's own)
    return session.read.format("binaryFile").option("recursiveFileLookup", "true").load(list(map(literal, paths)))


def literal(path: str) -> str:
    """A path as Spark's readers take it, which look for patterns: the file `scores [1].parquet` and no other."""
    return _GLOB.sub(r"\\\1", path)


def _plain(uri: str) -> str:
    """A URI's place without its scheme: Spark says `file:/x` of `file:///x`."""
    return uri.split(":", 1)[1].removeprefix("//").rstrip("/")
