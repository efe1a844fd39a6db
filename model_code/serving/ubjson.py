"""Reading UBJSON as XGBoost writes it: arrays of numbers come as NumPy arrays, without a Python object a number.

https://ubjson.org has the format: a letter for the type, lengths before what they measure, big-endian numbers.
"""

from typing import Any

import numpy as np

NUMBERS = {b"i": ">i1", b"U": ">u1", b"I": ">i2", b"l": ">i4", b"L": ">i8", b"d": ">f4", b"D": ">f8"}
CONSTANTS = {b"T": True, b"F": False, b"Z": None}


def loads(content: bytes) -> Any:  # noqa: ANN401 - any value
    """Return the value.

    Raises:
        ValueError: it ends too early or holds what XGBoost doesn't write.
    """
    return _Reader(content).value()


class _Reader:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    def value(self) -> Any:  # noqa: ANN401 - any value
        marker = self._take(1)
        if marker == b"{":
            return self._object()
        if marker == b"[":
            return self._array()
        if marker == b"S":
            return self._text()
        if marker in CONSTANTS:
            return CONSTANTS[marker]
        return self._numbers(marker, 1)[0].item()

    def _object(self) -> dict[str, Any]:
        found = {}
        while self._content[self._at : self._at + 1] != b"}":
            name = self._text()
            found[name] = self.value()
        self._take(1)
        return found

    def _array(self) -> Any:  # noqa: ANN401 - a list of any values, or an array
        kind, marker = None, self._take(1)
        if marker == b"$":
            kind, marker = self._take(1), self._take(1)
        if marker != b"#":
            raise ValueError(f"An array without its length stands at byte {self._at}.")
        length = self.value()
        return self._numbers(kind, length) if kind else [self.value() for _ in range(length)]

    def _numbers(self, marker: bytes, count: int) -> np.ndarray:
        if marker not in NUMBERS:
            raise ValueError(f"{marker!r} at byte {self._at} is no type that XGBoost writes.")
        kind = np.dtype(NUMBERS[marker])
        return np.frombuffer(self._take(kind.itemsize * count), kind)

    def _text(self) -> str:
        return self._take(self.value()).decode()

    def _take(self, count: int) -> bytes:
        taken = self._content[self._at : self._at + count]
        if len(taken) != count:
            raise ValueError(f"The content ends at byte {len(self._content)}, within a value.")
        self._at += count
        return taken
