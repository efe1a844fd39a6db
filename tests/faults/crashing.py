"""Ports whose every call may be the caller's last, or may find that somebody else was faster.

A crash point is a call site (file, line, port and method) and a side of it: before the call, or after.
"""

import ast
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lambdas.release
from lambdas.release.ports import World
from tests.fakes.audit import FakeAudit
from tests.fakes.release import FakeWorld

if TYPE_CHECKING:
    from types import FrameType

ROOM = Path(lambdas.release.__file__).parent
Site = tuple[str, str]  # "settling.py:45 registry.tag", "before" or "after"


class Crash(BaseException):
    """The function's process ended here; no handler of ours may catch it."""


@dataclass
class Fate:
    """What befalls one run of a function: at its n-th moment it dies, or `meanwhile` happens. No moment: nothing."""

    moment: int = 0
    meanwhile: Callable[[], None] | None = None
    aim: frozenset[Site] = frozenset()  # it dies at the first of these that it comes to
    seen: Counter[Site] = field(default_factory=Counter)
    died: Site | None = None

    def tick(self, site: Site) -> None:
        self.seen[site] += 1
        self.moment -= 1
        if self.moment == 0 and self.meanwhile:
            self.meanwhile()
        elif self.moment == 0 or site in self.aim:
            self.died = site
            raise Crash


class Mortal:
    """A port under a fate."""

    def __init__(self, port: object, name: str, fate: Fate) -> None:
        self._port, self._name, self._fate = port, name, fate

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        method, fate, of = getattr(self._port, name), self._fate, f"{self._name}.{name}"

        def call(*args: object, **named: object) -> object:
            before, after = sites(caller(), of)
            fate.tick(before)
            answer = method(*args, **named)
            fate.tick(after)
            return answer

        return call


@cache
def sites(where: str, of: str) -> tuple[Site, Site]:
    """The two crash points of a call that is written somewhere."""
    return (f"{where} {of}", "before"), (f"{where} {of}", "after")


def caller() -> str:
    """Where in the release path the call under way was written."""
    frame: FrameType | None = sys._getframe(2)
    while frame:
        if place := line_of(frame.f_code.co_filename, frame.f_lineno):
            return place
        frame = frame.f_back
    return "a test"


@cache
def line_of(file: str, line: int) -> str:
    """A line of the release path; empty for others."""
    return f"{name}:{line}" if (name := written_in(file)) else ""


@cache
def written_in(file: str) -> str:
    """The name of a file of the release path; empty for others."""
    path = Path(file)
    return path.name if path.parent in {ROOM, ROOM / "handlers"} else ""


def under(world: FakeWorld, fate: Fate) -> FakeWorld:
    """The same world, under a fate. The audit record's own calls are crash points, not the port's."""
    parts: dict[str, Any] = {f.name: getattr(world, f.name) for f in fields(world)}
    mortals: dict[str, Any] = {name: Mortal(part, name, fate) for name, part in parts.items()}
    store: Any = Mortal(world.audit.store, "store", fate)
    audit = FakeAudit(store)
    templates = Mortal(replace(world.templates, audit=audit), "templates", fate)
    kept: dict[str, Any] = {"settings": world.settings, "audit": audit, "templates": templates}
    return FakeWorld(**(mortals | kept))


@cache
def written_sites() -> frozenset[str]:
    """Every call of a port that is written in the release path: `world.<port>.<method>(...)`, and the chain's store."""
    names = (name for name in World.__dataclass_fields__ if name not in {"settings", "audit"})
    ports = {f"world.{name}": name for name in names} | {"self._store": "store"}
    found = set()
    for file in sorted([*ROOM.glob("*.py"), *(ROOM / "handlers").glob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                port = ports.get(ast.unparse(node.func.value))
                if port:
                    found.add(f"{file.name}:{node.lineno} {port}.{node.func.attr}")
    return frozenset(found)


def sites_of(file: str, call: str, side: str) -> frozenset[Site]:
    """The crash points of a call in a file, on one side of it."""
    return frozenset((site, side) for site in written_sites() if site.startswith(file) and site.endswith(call))
