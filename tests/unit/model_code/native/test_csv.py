"""The parser in C against the one in Python: the same verdict, the same numbers bit for bit, the same sentence."""

import random
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from model_code.errors import InputError
from model_code.native.library import Library, Unread
from model_code.serving import python_parsing
from model_code.serving.parsing import parse_csv
from tests.unit.model_code.native.compiled import compiled_library

NUMBERS = st.one_of(
    st.from_regex(r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,4})?", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(width=32, allow_nan=False, allow_infinity=False).map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=4).map(str),
    st.integers().map(str),
)
FIELDS = st.one_of(NUMBERS, st.just(""), st.builds("{1}{0}{1}".format, NUMBERS, st.sampled_from(["", " ", "  "])))
PIECES = [
    "0",
    "1",
    "9",
    ".",
    "e",
    "E",
    "+",
    "-",
    ",",
    " ",
    "\n",
    "\r\n",
    "\r",
    "nan",
    "inf",
    "0x1p3",
    '"',
    "\0",
    "\u0663",
]
FUZZ_ROUNDS = 20_000


@pytest.fixture(scope="module")
def library() -> Library:
    return compiled_library()


def bits(number: float) -> bytes:
    return struct.pack("d", number)


def outcome(body: bytes, width: int) -> bytes | str:
    """What the parser in Python makes of a body: the numbers' bytes or the sentence."""
    try:
        return python_parsing.parse_csv(body, [f"f{column}" for column in range(width)]).tobytes()
    except InputError as error:
        return str(error)


def agree(library: Library, body: bytes, width: int) -> bool:
    rows = library.parse_csv(body, width)
    expected = outcome(body, width)
    if isinstance(rows, Unread):
        return isinstance(expected, str)
    return rows.shape[1] == width and rows.tobytes() == expected


@pytest.mark.long
@given(NUMBERS)
@example("9007199254740993")  # half-way between two doubles
@example("9007199254740993.0")
@example("0.50000000000000011102230246251565404236316680908203125")
@example("1.7976931348623159e308")
@example("3.4028234663852886e38")
@example("3.4028234663852887e38")
@example("2.4703282292062327e-324")
@example("4.9e-324")
@example("-0")
@example("-0.0")
@example("-0e0")
@example("18446744073709551615")
@example("0." + "0" * 400 + "1")
@example("1" + "0" * 38)
@example("1e-99999999999999999999")
@example("0." + "0" * 10_000 + "1e20000")
@example("0." + "0" * 10_000 + "1e10001")
@example("1" + "0" * 10_000 + "e-10000")
@example("1" + "0" * 64)
@example("0e99999999999999999999")
@settings(max_examples=1000)
def test_every_number_is_the_nearest_double(library: Library, number: str) -> None:
    rows = library.parse_csv(number.encode(), 1)
    if not isinstance(rows, Unread) and "-0" not in number:
        assert bits(rows[0, 0]) == bits(float(number))
    assert agree(library, number.encode(), 1)


@pytest.mark.long
@given(
    st.integers(1, 5).flatmap(lambda width: st.lists(st.lists(FIELDS, min_size=width, max_size=width), min_size=1)),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_a_body_of_numbers_is_read_alike(library: Library, rows: list[list[str]], line: str, ended: bool) -> None:  # noqa: FBT001
    body = line.join(",".join(row) for row in rows) + line * ended
    assert agree(library, body.encode(), len(rows[0]))


@pytest.mark.long
@given(st.lists(st.sampled_from(PIECES)).map("".join).map(str.encode) | st.binary(max_size=60), st.integers(1, 4))
@example(b"", 1)
@example(b"\n", 1)
@example(b"\n\n", 1)
@example(b"\r\n", 1)
@example(b"1,2\r", 2)
@example(b"1,2\r\r\n", 2)
@example(b"1\0", 1)
@example(b"1,2\n" * 3 + b"1,2,", 2)
@settings(max_examples=1000)
def test_any_body_has_one_verdict(library: Library, body: bytes, width: int) -> None:
    assert agree(library, body, width)


@pytest.mark.long
def test_mutated_bodies_have_one_verdict(library: Library) -> None:
    chance = random.Random(5)  # noqa: S311 - a fuzzer's seed
    verdicts = {True: 0, False: 0}
    for _ in range(FUZZ_ROUNDS):
        width = chance.randint(1, 4)
        rows = [[repr(chance.gauss(0, 10.0 ** chance.randint(-3, 3))) for _ in range(width)] for _ in range(3)]
        body = bytearray("\n".join(map(",".join, rows)).encode())
        for _ in range(chance.randint(0, 2)):
            at = chance.randrange(len(body) + 1)
            body[at : at + chance.randint(0, 2)] = chance.choice(PIECES).encode()
        assert agree(library, bytes(body), width), bytes(body)
        verdicts[not isinstance(library.parse_csv(bytes(body), width), Unread)] += 1
    assert min(verdicts.values()) > FUZZ_ROUNDS / 10  # good ones and bad ones


@pytest.mark.parametrize(
    "body",
    [b"amount,hour\n1,2", b"1,nan", b"1,inf", b"1,-Infinity", b"1,1e39", b"1,1e999", b"1,2\n3", b"1,2\n\n", b'"1",2'],
)
def test_a_refusal_has_the_sentence_of_the_parser_in_python(library: Library, body: bytes) -> None:
    assert isinstance(library.parse_csv(body, 2), Unread)
    with pytest.raises(InputError) as refusal:
        parse_csv(body, ["f0", "f1"])
    assert str(refusal.value) == outcome(body, 2)


def test_a_body_of_newlines_asks_for_no_more_memory_than_its_size(library: Library) -> None:
    assert library.parse_csv(b"\n" * 6_000_000, 200) == Unread(0, 0)
    rows = library.parse_csv(b"1,2\n" * 1000, 2)
    assert not isinstance(rows, Unread)
    assert np.array_equal(rows, [[1, 2]] * 1000)
