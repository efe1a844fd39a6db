"""What people type: `python -m releases` and `python -m compliance`, in a shell with their own credentials."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.story.scene import ROOT
from local.story.waiting import StoryError
from local.supervise import PYTHON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.story.scene import Person, Scene

LONGEST_SECONDS = 300
WAIT = ("--wait", str(LONGEST_SECONDS - 60))


@dataclass(frozen=True)
class Typed:
    """A command that has ended: its exit code, and what it wrote to either stream."""

    code: int
    answer: str
    errors: str


def type_in(environment: Mapping[str, str], module: str, *words: str) -> Typed:
    """Type `python -m <module> <words>` in the checkout, where nobody sits at the terminal.

    Raises:
        StoryError: it did not end in time.
    """
    try:
        done = subprocess.run(
            [*PYTHON, "-m", module, *words],
            env=dict(environment), cwd=ROOT, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as late:
        raise StoryError(f"`python -m {module} {' '.join(words)}` took longer than {LONGEST_SECONDS} s.") from late
    return Typed(done.returncode, done.stdout, done.stderr.strip())


def releases(scene: Scene, person: Person, *words: str) -> Any:  # noqa: ANN401 - the command's own JSON
    """What `python -m releases <words> --json` answers a person.

    Raises:
        StoryError: the command did not do it.
    """
    done = type_in(scene.environment_of(person), "releases", *words, "--json")
    if done.code != 0:
        raise StoryError(f"{person.uid} typed `python -m releases {' '.join(words)}`, which said: {done.errors}")
    return json.loads(done.answer)


def not_done(scene: Scene, person: Person, *words: str, because: str) -> str:
    """What `python -m releases <words>` says to a person when it does not do it, `because` being part of that.

    Raises:
        StoryError: it was done, or not done for another reason.
    """
    done = type_in(scene.environment_of(person), "releases", *words)
    if done.code == 0:
        raise StoryError(f"{person.uid} must not be able to `python -m releases {' '.join(words)}`, but it was done.")
    if because not in done.errors:
        raise StoryError(f"{person.uid} was to be refused because of {because!r}, but the words were: {done.errors}")
    return done.errors
