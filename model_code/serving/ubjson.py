"""Reading UBJSON, and only as XGBoost writes it: arrays of numbers come as NumPy arrays, without an object a number.

https://ubjson.org has the format: a letter for the type, lengths before what they measure, big-endian numbers. XGBoost
reads more than it writes: it believes every length, goes on after the end, and takes the first of two equal names. So
what isn't written as XGBoost 3.2 writes it (src/common/json.cc, UBJWriter) is refused, and what is taken here means the
same there.
"""

import struct
from typing import Any

import numpy as np

NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
_KINDS = {marker: np.dtype(kind) for marker, kind in NUMBERS.items()}
_WHOLE = {b"i": struct.Struct(">b"), b"I": struct.Struct(">h"), b"l": struct.Struct(">i"), b"L": struct.Struct(">q")}
_LENGTH = struct.Struct(">q")
DEEPEST = 16
"""Objects and arrays within each other; a model has seven."""


def _most(form: struct.Struct) -> float:
    """XGBoost gives a type's smallest and largest number to the next longer one."""
    return 2 ** (8 * form.size - 1) - 1


def loads(content: bytes) -> Any:  # noqa: ANN401 - any value
    """Return the value.

    Raises:
        ValueError: it ends too early, goes on after its end, or isn't written as XGBoost writes.
    """
    reader = _Reader(content)
    value = reader.value(0)
    if reader.at != len(content):
        raise ValueError(f"The value ends at byte {reader.at} and the content at {len(content)}.")
    return value


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self.at = 0

    def value(self, depth: int) -> Any:  # noqa: ANN401 - any value
        if depth > DEEPEST:
            raise ValueError(f"At byte {self.at} more than {DEEPEST} values lie within each other.")
        marker = self._take(1)
        if marker == b"{":
            return self._object(depth)
        if marker == b"[":
            return self._array(depth)
        if marker == b"S":
            return self._text()
        if marker in _WHOLE:
            return self._whole(marker)
        raise ValueError(f"{marker!r} at byte {self.at} is no type that XGBoost writes here.")

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        last = None
        while self._content[self.at : self.at + 1] != b"}":
            name = self._text()
            if last is not None and name.encode() <= last:
                raise ValueError(f"The name {name[:80]!r} before byte {self.at} comes twice, or out of its order.")
            last = name.encode()
            found[name] = self.value(depth + 1)
        self.at += 1
        return found

    def _array(self, depth: int) -> Any:  # noqa: ANN401 - a list of any values, or an array
        kind = None
        if self._content[self.at : self.at + 1] == b"$":
            kind = self._take(2)[1:]
        if self._take(1) != b"#":
            raise ValueError(f"An array without its length stands at byte {self.at}.")
        length = self._length()
        if kind is None:
            return [self.value(depth + 1) for _ in range(length)]
        if kind not in _KINDS:
            raise ValueError(f"{kind!r} at byte {self.at} is no type that XGBoost writes.")
        return np.frombuffer(self._take(_KINDS[kind].itemsize * length), _KINDS[kind])

    def _whole(self, marker: bytes) -> int:
        form = _WHOLE[marker]
        [number] = form.unpack(self._take(form.size))
        shortest = next(each for each, fewer in _WHOLE.items() if each == b"L" or abs(number + 0.5) < _most(fewer))
        if marker != shortest:
            raise ValueError(f"The number {number} before byte {self.at} isn't of the type that XGBoost gives it.")
        return number

    def _length(self) -> int:
        if self._take(1) != b"L":
            raise ValueError(f"A length at byte {self.at} isn't of the type that XGBoost writes.")
        [length] = _LENGTH.unpack(self._take(8))
        if not 0 <= length <= len(self._content) - self.at:
            raise ValueError(f"The length {length} before byte {self.at} leads out of the content.")
        return length

    def _text(self) -> str:
        return self._take(self._length()).decode()

    def _take(self, count: int) -> bytes:
        taken = self._content[self.at : self.at + count]
        if len(taken) != count:
            raise ValueError(f"The content ends at byte {len(self._content)}, within a value.")
        self.at += count
        return taken
