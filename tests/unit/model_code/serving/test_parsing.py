import io
import json
from collections.abc import Callable

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from model_code.arrays import LARGEST
from model_code.errors import InputError
from model_code.native import library as native
from model_code.native.build import NativeError
from model_code.native.library import Library, Unread
from model_code.serving import parsing, python_parsing
from model_code.serving.parsing import parse_csv, parse_json, parse_json_lines, parse_npy

VALUES = st.one_of(st.just(np.nan), st.floats(-LARGEST, LARGEST))
MATRICES = arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=VALUES)
NUMBER_LIKE = st.text("0123456789+-.eE, \r\n[]nulaif\"'_\t")
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["instances", "a"]), inner),
    max_leaves=12,
)


def columns(count: int) -> list[str]:
    return [f"f{number}" for number in range(1, count + 1)]


def cells(matrix: np.ndarray) -> list[list[float | None]]:
    return [[None if np.isnan(value) else float(value) for value in row] for row in matrix]


def as_csv(matrix: np.ndarray) -> bytes:
    return "".join(",".join("" if v is None else repr(v) for v in row) + "\n" for row in cells(matrix)).encode()


@given(MATRICES, st.booleans())
def test_any_matrix_comes_through_csv_as_it_was(matrix: np.ndarray, windows: bool) -> None:  # noqa: FBT001
    body = as_csv(matrix)
    parsed = parse_csv(body.replace(b"\n", b"\r\n") if windows else body, columns(matrix.shape[1]))
    assert np.array_equal(parsed, matrix, equal_nan=True)


@given(MATRICES, st.booleans())
def test_any_matrix_comes_through_json_as_it_was(matrix: np.ndarray, bare: bool) -> None:  # noqa: FBT001
    rows = cells(matrix)
    parsed = parse_json(orjson.dumps(rows if bare else {"instances": rows}), columns(matrix.shape[1]))
    assert np.array_equal(parsed, matrix, equal_nan=True)


def parsed_or_refused(parse: Callable[[bytes, list[str]], np.ndarray], body: bytes) -> np.ndarray | None:
    try:
        return parse(body, columns(2))
    except InputError as error:
        assert str(error).endswith((".", ": f1, f2.")) or "JSON" in str(error)  # noqa: PT017
        return None


@given(NUMBER_LIKE.map(str.encode) | st.binary(max_size=60))
def test_any_csv_body_is_rows_or_a_sentence(body: bytes) -> None:
    parsed = parsed_or_refused(parse_csv, body)
    if parsed is not None:
        assert len(parsed) == body.removesuffix(b"\n").count(b"\n") + 1
        assert not (np.abs(parsed) > LARGEST).any()


@given(JSON_VALUES.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60))
def test_any_json_body_is_rows_or_a_sentence(body: bytes) -> None:
    parsed = parsed_or_refused(parse_json, body)
    assert parsed is None or (parsed.shape[1] == 2 and not (np.abs(parsed) > LARGEST).any())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "The body is empty; expected lines of 2 numbers"),
        (b"1,2\n3", "Row 2 has 1 columns; the model takes 2: f1, f2."),
        (b"1,2\n\n3,4", "Row 2 has 1 columns"),
        (b"1,2\n\n", "Row 2 has 1 columns"),
        (b"amount,hour\n1,2", "Row 1, column 1 (f1): 'amount' is no finite number"),
        (b"amount,hour\n1,2", "must not have a header"),
        (b"1,2\n3,x", "Row 2, column 2 (f2): 'x' is no finite number; leave the field empty"),
        (b"1,nan", "column 2 (f2): 'nan'"),
        (b"1,inf", "'inf' is no finite number"),
        (b"1,1e999", "'1e999' is no finite number"),
        (b"1,1e39", "Row 1, column 2 (f2): 1e+39 is too large"),
        (b"1,1_000", "'1_000'"),
        (b"1, ", "' ' is no finite number"),
        (b'"1",2', "'\"1\"' is no finite number"),
        (b"1],[2", "Row 1, column 1 (f1): '1]' is no finite number"),
        ("1,٣".encode(), "column 2"),
        (b"1,2\r3,4", "Row 1 has 3 columns"),
        (b"1,2\r\r", "Row 1, column 2 (f2): '2\\r' is no finite number"),
    ],
)
def test_a_bad_csv_body_is_refused_by_row_and_column(body: bytes, expected: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_csv(body, columns(2))
    assert expected in str(refusal.value)


@pytest.mark.parametrize("cut", [(b"1,2\r\n3,\r\n",), (b"1,2\r", b"3,\r"), (b"1,2\r\n", b"3,\r\n")])
@pytest.mark.parametrize("in_c", [True, False])
def test_a_file_of_windows_lines_is_scored_however_a_caller_cuts_it(
    library: Library, monkeypatch: pytest.MonkeyPatch, cut: tuple[bytes, ...], *, in_c: bool
) -> None:
    if in_c:
        monkeypatch.setattr(python_parsing, "parse_csv", lambda *_: pytest.fail("Python read it"))
    monkeypatch.setattr(parsing, "optional_library", lambda: library if in_c else None)
    rows = np.concatenate([parse_csv(each, columns(2)) for each in cut])
    assert np.array_equal(rows, [[1, 2], [3, np.nan]], equal_nan=True)


def test_without_the_library_python_reads_and_says_so_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def missing() -> Library:
        raise NativeError("It isn't there; `make native` compiles it.")

    monkeypatch.setattr(native, "load_library", missing)
    native.optional_library.cache_clear()
    for _ in range(2):
        assert np.array_equal(parse_csv(b"1,\n-0.5,2e3\n", columns(2)), [[1, np.nan], [-0.5, 2000]], equal_nan=True)
        with pytest.raises(InputError, match="Row 1, column 2"):
            parse_csv(b"1,x", columns(2))
    native.optional_library.cache_clear()
    [record] = caplog.records
    assert record.getMessage() == "going without the library in C"
    assert "`make native`" in record.__dict__["facts"]["reason"]


def test_with_the_library_no_good_body_is_read_in_python(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("parse_csv", "parse_json", "parse_json_lines"):
        monkeypatch.setattr(python_parsing, name, lambda *_: pytest.fail("Python read it"))
    monkeypatch.setattr(parsing, "optional_library", lambda: library)
    assert parse_csv(b"1,2\r\n3,\r\n", columns(2)).shape == (2, 2)
    assert parse_json(b' {"instances": [[1, null],\n[-0.5,2e3]]} ', columns(2)).shape == (2, 2)
    assert parse_json_lines(b"[1,null]\r\n[-0.5,2e3]", columns(2)).shape == (2, 2)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "The body is no JSON"),
        (b"[[1,NaN]]", "The body is no JSON"),
        (b"[" * 50_000, "The body is no JSON"),
        (b"{}", "The body holds no rows"),
        (b'{"rows": [[1,2]]}', "The body holds no rows"),
        (b'{"instances": [[1,2]], "rows": []}', "The body holds no rows"),
        (b"[]", "The body holds no rows"),
        (b"[1,2]", "The body holds no rows"),
        (b"3", "The body holds no rows"),
        (b"[[1,2],[3]]", "Row 2 has 1 columns"),
        (b'[[1,2],[3,"4"]]', 'Row 2, column 2 (f2): "4" is no number; write null'),
        (b"[[1,true]]", "Row 1, column 2 (f2): true is no number"),
        (b"[[1,[2]]]", "Row 1, column 2 (f2): [2] is no number"),
        (b"[[1,1e39]]", "Row 1, column 2 (f2): 1e+39 is too large"),
    ],
)
def test_a_bad_json_body_is_refused_by_row_and_column(body: bytes, expected: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_json(body, columns(2))
    assert expected in str(refusal.value)


@given(MATRICES, st.booleans())
def test_any_matrix_comes_through_json_lines_as_it_was(matrix: np.ndarray, ended: bool) -> None:  # noqa: FBT001
    body = b"\n".join(map(orjson.dumps, cells(matrix))) + b"\n" * ended
    assert np.array_equal(parse_json_lines(body, columns(matrix.shape[1])), matrix, equal_nan=True)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "Row 1 is no JSON"),
        (b"[1,2]\n\n[3,4]", "Row 2 is no JSON"),
        (b"[1,2]\n3", "Row 2 is no array"),
        (b"[1,\n2]", "Row 1 is no JSON"),
        (b"[1,2]\n[3]", "Row 2 has 1 columns"),
        (b'[1,2]\n[3,"4"]', 'Row 2, column 2 (f2): "4" is no number'),
        (b"[1,1e39]", "Row 1, column 2 (f2): 1e+39 is too large"),
        (b"[[1,2]]", "Row 1 has 1 columns"),
    ],
)
def test_bad_json_lines_are_refused_by_row_and_column(body: bytes, expected: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_json_lines(body, columns(2))
    assert expected in str(refusal.value)


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version)
    return file.getvalue()


@given(MATRICES, st.sampled_from(["<f8", ">f8", "F"]))
def test_any_matrix_comes_through_npy_as_it_was(matrix: np.ndarray, kind: str) -> None:
    stored = np.asfortranarray(matrix) if kind == "F" else matrix.astype(kind)
    assert np.array_equal(parse_npy(npy(stored), columns(matrix.shape[1])), matrix, equal_nan=True)


@pytest.mark.parametrize("kind", ["f2", "f4", "i1", "u2", "i8"])
def test_other_numbers_come_through_npy(kind: str) -> None:
    assert np.array_equal(parse_npy(npy(np.array([[1, 2]], kind)), columns(2)), [[1, 2]])


PICKLED = npy(np.array([[1, 2]], "<f8")).replace(b"'<f8'", b"'|O'") + b"cos\nsystem\n(S'true'\ntR."


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "no NumPy file"),
        (PICKLED, "no NumPy file"),
        (npy(np.array([["a", "b"]])), "no NumPy file"),
        (npy(np.ones(2)), "no NumPy file"),
        (npy(np.ones((1, 1, 2))), "no NumPy file"),
        (npy(np.ones((1, 2)), (2, 0)), "no NumPy file"),
        (npy(np.ones((1, 2), "c16")), "no NumPy file"),
        (npy(np.ones((1, 2))).replace(b"<f8", b"<f1"), "no numbers of the kind '<f1'"),
        (npy(np.ones((1, 3))), "The matrix is 1 x 3; the model takes at least 1 row of 2: f1, f2"),
        (npy(np.ones((0, 2))), "The matrix is 0 x 2"),
        (npy(np.ones((2, 2)))[:-1], "has 31 bytes of numbers; 2 x 2 of float64 have 32"),
        (npy(np.ones((2, 2))) + b"x", "has 33 bytes"),
        (npy(np.array([[1, np.inf]])), "Row 1, column 2 (f2): inf is too large"),
        (npy(np.array([[1, -1e39]])), "Row 1, column 2 (f2): -1e+39 is too large"),
        (b"PK\x03\x04" + bytes(100), "no NumPy file"),
        (b"\x93NUMPY\x01\x00\xff\xff{'descr'", "no NumPy file"),
    ],
)
def test_a_bad_npy_body_is_refused(body: bytes, expected: str) -> None:
    with pytest.raises(InputError) as refusal:
        parse_npy(body, columns(2))
    assert expected in str(refusal.value)


@pytest.mark.parametrize(
    ("parse", "good", "bad", "expected"),
    [
        (parse_csv, b"1,2\n", b"3,x\n", "Row 30001, column 2 (f2): 'x' is no finite number; leave the field empty"),
        (parse_csv, b"1,2\n", b"3\n", "Row 30001 has 1 columns"),
        (parse_csv, b"1,2\n", b"9" * 70_000, "Row 30001 (from byte 120001 on) is no row of 2 numbers"),
        (parse_json_lines, b"[1,2]\n", b"[3]\n", "Row 30001 has 1 columns"),
        (parse_json_lines, b"[1,2]\n", b"{}\n", "Row 30001 is no array"),
        (parse_json, b"[1,2],", b'[3,"x"]]', 'Row 30001, column 2 (f2): "x" is no number'),
        (parse_json, b"[1,2],", b"[3,4]", "Row 30001 (from byte 180002 on) is no row of 2 numbers"),
    ],
)
@pytest.mark.usefixtures("library")
def test_a_long_bad_body_is_refused_by_its_bad_row_alone(
    parse: Callable[[bytes, list[str]], np.ndarray], good: bytes, bad: bytes, expected: str
) -> None:
    start = b"[" if parse is parse_json else b""
    with pytest.raises(InputError) as refusal:
        parse(start + good * 30_000 + bad, columns(2))
    assert expected in str(refusal.value)
    assert "header" not in str(refusal.value)


@given(JSON_VALUES.map(lambda value: json.dumps(value).encode()) | NUMBER_LIKE.map(str.encode))
def test_json_that_the_library_takes_is_what_python_takes(library: Library, body: bytes) -> None:
    for read, in_python in (
        (library.parse_json, python_parsing.parse_json),
        (library.parse_json_lines, python_parsing.parse_json_lines),
    ):
        found = read(body, 2)
        expected = parsed_or_refused(in_python, body)
        if expected is None:
            assert isinstance(found, Unread)
        else:
            assert np.array_equal(found, expected, equal_nan=True)


def test_the_word_nan_is_refused_with_what_to_send() -> None:
    for parse, body, expected in (
        (parse_csv, b"1,NaN", "leave the field empty where a value is missing"),
        (parse_json, b'{"instances": [[1, NaN]]}', "send null where a value is missing"),
        (parse_json_lines, b"[1, NaN]", "send null where a value is missing"),
    ):
        with pytest.raises(InputError, match=expected):
            parse(body, columns(2))
