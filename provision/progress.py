"""What an install is doing and how much is left, from the lines that uv prints: a line that moves, or plain lines.

uv names each download above 1 MiB when it begins and when it ends; its own bars need a terminal and tell nothing in
a log. Every line that isn't about a download or a package is passed on, uv's errors among them.
"""

import re
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import TextIO

_DOWNLOAD = re.compile(r"^\s*Downloading (?P<name>\S+) \((?P<size>[\d.]+)(?P<unit>[KMG]?i?B)\)$")
_DONE = re.compile(r"^\s*Downloaded (?P<name>\S+)$")
_BUILD = re.compile(r"^\s*(?P<what>Building|Built) (?P<name>\S+)$")
_INSTALLED = re.compile(r"^\s*(?P<what>Installed|Checked) (?P<count>\d+) packages? in (?P<time>\S+)$")
_NOISE = re.compile(r"^\s*(Using |Resolved |Prepared |Uninstalled |[-+~] \S+==|$)")
_AT_WORK, _REST = re.compile(r"^Resolved "), re.compile(r"^(Installed|Checked|error)")
_MEBIBYTES = {"B": 1 / 2**20, "KiB": 1 / 2**10, "MiB": 1.0, "GiB": 2.0**10}
_EVERY = {True: 0.2, False: 5.0}  # seconds between two lines, by whether they go to a terminal


class Progress:
    """Follows one run of uv; `out` gets the lines."""

    def __init__(self, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._out = out or sys.stderr
        self._clock = clock
        self._began = self._said = clock()
        self._sizes: dict[str, float] = {}
        self._waiting: dict[str, str] = {}
        self._at_work = False
        self._lock = threading.Lock()

    def follow(self, lines: Iterable[str]) -> None:
        """Take uv's lines until they end; meanwhile say where it stands, also while uv says nothing."""
        over = threading.Event()
        beat = threading.Thread(target=self._beat, args=(over,), daemon=True)
        beat.start()
        try:
            for line in lines:
                with self._lock:
                    self._take(line.rstrip("\n"))
        finally:
            over.set()
            beat.join()

    def _beat(self, over: threading.Event) -> None:
        while not over.wait(_EVERY[self._out.isatty()]):
            with self._lock:
                self.say()

    def _take(self, line: str) -> None:
        if match := _DOWNLOAD.match(line):
            size = float(match["size"]) * _MEBIBYTES[match["unit"]]
            self._sizes[match["name"]] = size
            self._waiting[match["name"]] = f"{match['name']} ({size:.0f} MiB)"
        elif match := _DONE.match(line):
            self._waiting.pop(match["name"], None)
        elif match := _BUILD.match(line):
            self._waiting.pop(match["name"], None)
            if match["what"] == "Building":
                self._waiting[match["name"]] = f"{match['name']} being built"
        elif match := _INSTALLED.match(line):
            self._end(f"{match['count']} packages in place after {self._clock() - self._began:.0f} s")
        elif not _NOISE.match(line):
            self._end(line)
        self._at_work = bool(_AT_WORK.match(line)) or (self._at_work and not _REST.match(line))

    def say(self) -> None:
        """Say what is fetched, how much is left and what is waited for, if it's time to."""
        now = self._clock()
        if not (self._waiting or self._at_work) or now - self._said < _EVERY[self._out.isatty()]:
            return
        self._said = now
        if not self._waiting:
            self._write(f"{now - self._began:3.0f} s: fetching small packages and sources, or unpacking")
            return
        left = sum(size for name, size in self._sizes.items() if name in self._waiting)
        largest = sorted(self._waiting, key=lambda name: -self._sizes.get(name, 0))
        names = [self._waiting[name] for name in largest]
        rest = f" and {len(names) - 3} more" if len(names) > 3 else ""  # noqa: PLR2004 (as many as fit a line)
        total = sum(self._sizes.values())
        self._write(f"{now - self._began:3.0f} s: {left:.0f} of {total:.0f} MiB left: {', '.join(names[:3])}{rest}")

    def _write(self, line: str) -> None:
        if self._out.isatty():
            self._out.write(f"\r\x1b[K  {line[:110]}")
        else:
            self._out.write(f"  {line}\n")
        self._out.flush()

    def _end(self, line: str) -> None:
        self._out.write(f"\r\x1b[K  {line}\n" if self._out.isatty() else f"  {line}\n")
        self._out.flush()
