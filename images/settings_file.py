"""Writing digests into an environment's file, and leaving everything else of it, comments too, as it is."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

from images.commands import expect
from stacks.settings import load

SECTION = re.compile(r"^\[images\][^\n]*\n(?:(?!\[).*\n?)*", re.MULTILINE)


def with_digests(text: str, digests: Mapping[str, str]) -> str:
    """Return the file's text with `digests = "pinned"` and one line for each image below `[images]`.

    Raises:
        ImageError: the text has no section `[images]`.
    """
    found = SECTION.search(text)
    expect(found, "The settings have no section [images].")
    section = found.group() if found else ""
    for name, value in {"digests": "pinned", **digests}.items():
        line = f'{name} = "{value}"'
        section, count = re.subn(rf'^{name}\s*=\s*"[^"]*"', line, section, flags=re.MULTILINE)
        if not count:
            body = section.rstrip("\n")
            section = f"{body}\n{line}" + section[len(body) :]
    return SECTION.sub(lambda _: section, text, count=1)


def with_former(text: str, former: Sequence[str]) -> str:
    """Return the file's text with `former` below `[images]`, when there are any."""
    if not former:
        return text
    line = f"former = {json.dumps(former)}\n"
    section = SECTION.search(text)
    expect(section, "The settings have no section [images].")
    kept = re.sub(r"^former\s*=\s*\[[^\]]*\]\n?", "", section.group() if section else "", flags=re.MULTILINE)
    body = kept.rstrip("\n")
    return SECTION.sub(lambda _: f"{body}\n{line}" + kept[len(body) + 1 :], text, count=1)


def former_of(text: str, digests: Mapping[str, str]) -> list[str]:
    """Return the model's digests whose trainings count beside the new one: those of before, the latest first."""
    images = tomllib.loads(text).get("images", {})
    known = [images.get("model"), *images.get("former", ())]
    return [each for each in dict.fromkeys(known) if each and each != digests.get("model")]


def write_digests(file: Path, digests: Mapping[str, str]) -> None:
    """Write the digests into the file, keeping the model's former ones, if the result is a file that can be deployed.

    Raises:
        ImageError: the file has no section `[images]`.
        SettingsError: the result can't be deployed; the file is as it was.
    """
    before = file.read_text()
    file.write_text(with_former(with_digests(before, digests), former_of(before, digests)))
    try:
        load(str(file))
    except Exception:
        file.write_text(before)
        raise
