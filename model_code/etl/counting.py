"""How many records a file of text has, by its bytes alone: what the engine reads must come to the same number.

Shares no code with the engine's way of reading (Python's `csv`), and is stricter: a quotation mark opens a value only
at its beginning, is doubled inside one, and nothing but a separator or a line's end follows the one that closes it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

OPEN_LINES = 200
"""So many lines may one value have."""


@dataclass(frozen=True)
class Fault:
    """What is wrong at a line (the first is 1), and how to mend it."""

    line: int
    what: str


@dataclass
class Survey:
    """The records of a file, and its first fault: what follows it isn't looked at."""

    records: int = 0
    lines: int = 0
    fault: Fault | None = None
    swallowed: list[int] = field(default_factory=list)
    """Lines of records that hold several lines, each as long as a row: probably rows that a mark has swallowed."""
    marked: bool = False
    """Whether any value stands between marks."""
    half_marked: list[int] = field(default_factory=list)
    """Lines with an odd number of marks, none of which opens a value: inch marks, or the mark before was lost."""


@dataclass(frozen=True)
class _Patterns:
    whole: re.Pattern[bytes]
    opens: re.Pattern[bytes]
    stays: re.Pattern[bytes]
    ends: re.Pattern[bytes]
    reopens: re.Pattern[bytes]


def _patterns(separator: bytes, *, backslashes: bool) -> _Patterns:
    s = re.escape(separator)
    inside = rb'[^"\\]*(?:\\.[^"\\]*)*' if backslashes else rb'[^"]*(?:""[^"]*)*'
    value = rb'(?:"' + inside + rb'"|[^"' + s + rb"][^" + s + rb"]*|)"
    after = rb"(?:" + s + value + rb")*"
    last = s + rb'"' + inside
    forms = (
        value + after,
        rb"(?:" + value + after + s + rb')?"' + inside,
        inside,
        inside + rb'"' + after,
        inside + rb'"' + after + last,
    )
    return _Patterns(*(re.compile(form, re.DOTALL) for form in forms))


def survey(blocks: Iterable[bytes], separator: str, *, width: int = 0, backslashes: bool = False) -> Survey:
    """Count a file's records; blank lines are records. `width`: how many values a row has.

    `blocks` are the file's bytes in any encoding that writes ASCII as ASCII. `backslashes`: a quotation mark within a
    value has a backslash before it, as Spark writes it; else it is doubled.
    """
    counter = _Counter(separator.encode(), width, backslashes=backslashes)
    for part in _whole_lines(blocks):
        counter.take(part)
        if counter.found.fault:
            return counter.found
    return counter.end()


def quoteless(blocks: Iterable[bytes]) -> Survey:
    """The same for a file in which a quotation mark is a sign like any other: each line is a record."""
    found = Survey()
    for part in _whole_lines(blocks):
        if b"\0" in part:
            found.fault = _nul(found.lines, part)
            return found
        found.records += len(part.splitlines())
        found.lines = found.records
    return found


class _Counter:
    def __init__(self, separator: bytes, width: int, *, backslashes: bool) -> None:
        self.found = Survey()
        self.separator, self.width = separator, width
        self.patterns = _patterns(separator, backslashes=backslashes)
        self.opening = separator + b'"'
        self.backslashes = backslashes
        self.opened = 0
        self.long_lines = 0

    def take(self, part: bytes) -> None:
        """Count the records of some whole lines."""
        if b"\0" in part:
            self.found.fault = _nul(self.found.lines, part)
            return
        lines = part.splitlines()
        if not self.opened and b'"' not in part:
            self.found.records += len(lines)
            self.found.lines += len(lines)
            return
        for line in lines:
            self.found.lines += 1
            self._line(line)
            if self.found.fault:
                return

    def end(self) -> Survey:
        """What was found, once there are no more lines."""
        if self.opened:
            self._never_closed()
        return self.found

    def _line(self, line: bytes) -> None:
        if not self.opened:
            if b'"' not in line or self.patterns.whole.fullmatch(line):
                self.found.records += 1
                self._marks(line)
            elif self.patterns.opens.fullmatch(line):
                self.opened, self.long_lines = self.found.lines, self._is_long(line)
            else:
                self._malformed()
            return
        self.long_lines += self._is_long(line)
        if self.patterns.stays.fullmatch(line) or self.patterns.reopens.fullmatch(line):
            if self.found.lines - self.opened >= OPEN_LINES:
                self._never_closed()
        elif self.patterns.ends.fullmatch(line):
            self.found.records += 1
            if self.width > 1 and self.long_lines > 1:
                self.found.swallowed.append(self.opened)
            self.opened = 0
        else:
            self._malformed()

    def _marks(self, line: bytes) -> None:
        """Between marks, marks are doubled: a whole line has an odd number only if a value outside of marks has one."""
        self.found.marked = self.found.marked or line.startswith(b'"') or self.opening in line
        if not self.backslashes and line.count(b'"') % 2:
            self.found.half_marked.append(self.found.lines)

    def _is_long(self, line: bytes) -> bool:
        return line.count(self.separator) == self.width - 1

    def _malformed(self) -> None:
        since = f"; it was opened in line {self.opened}" if self.opened else ""
        self.found.fault = Fault(
            self.found.lines,
            f"a quotation mark ends a value and text follows it{since}. Within marks, a mark must be doubled",
        )

    def _never_closed(self) -> None:
        self.found.fault = Fault(self.opened, "a quotation mark is opened there and never closed")


def _nul(before: int, part: bytes) -> Fault:
    line = before + len((part[: part.index(b"\0")] + b"x").splitlines())
    return Fault(line, "there is a NUL byte: the file is damaged, or it is UTF-16 without its mark")


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes in parts that end where a line ends."""
    rest = b""
    for block in blocks:
        part = rest + block
        # A carriage return at the very end may be the half of a line's end.
        cut = max(part.rfind(b"\n"), part.rfind(b"\r", 0, len(part) - 1)) + 1
        rest = part[cut:]
        if cut:
            yield part[:cut]
    if rest:
        yield rest
