"""A seeded share of what is long: `make test` runs some cases of a test, the next commit others, `make test-long` all.

A test says how many of its cases run: `@pytest.mark.share(1)`; tests that show one promise in several ways say among
whose cases these are drawn: `@pytest.mark.share(1, among="...")`. What draws by itself asks for `seed` and `drawn`.
"""

import os
import random
import subprocess
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

SEED, WHOLE = "ATOLL_TEST_SEED", "ATOLL_TEST_WHOLE"
MARK = "share"
_Case = TypeVar("_Case")


def is_whole() -> bool:
    """Say whether everything runs."""
    return os.environ.get(WHOLE, "") not in {"", "0"}


@cache
def seed() -> str:
    """The seed that was asked for; else the commit that is checked out, so that each has a share of its own."""
    if given := os.environ.get(SEED):
        return given
    command = ["git", "rev-parse", "--short=12", "HEAD"]
    try:
        told = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return "0"  # neither git nor a seed: always the same share
    return told.stdout.strip() or "0"


def number(name: str) -> int:
    """A number of the seed's for whoever has a generator of one's own."""
    return random.Random(f"{seed()} {name}").randrange(2**32)  # noqa: S311 - a share, no secret


def drawn(cases: Sequence[_Case], count: int, name: str) -> list[_Case]:
    """So many of the cases, in their order; all of them where everything runs."""
    if is_whole() or count >= len(cases):
        return list(cases)
    chosen = random.Random(f"{seed()} {name}").sample(range(len(cases)), count)  # noqa: S311 - the same
    return [cases[index] for index in sorted(chosen)]


def left_out(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The cases of marked tests that the seed didn't draw."""
    groups: dict[str, list[pytest.Item]] = {}
    for item in items:
        if mark := item.get_closest_marker(MARK):
            groups.setdefault(mark.kwargs.get("among", item.nodeid.partition("[")[0]), []).append(item)
    found: list[pytest.Item] = []
    for name, cases in groups.items():
        mark = cases[0].get_closest_marker(MARK)
        assert mark
        in_order = sorted(cases, key=lambda case: case.nodeid)  # whatever order they were collected in
        kept = drawn(in_order, mark.args[0], name)
        found += [case for case in cases if case not in kept]
    return found
