"""Writing digests into an environment's file, and leaving everything else of it, comments too, as it is."""

import re
from collections.abc import Mapping
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


def write_digests(file: Path, digests: Mapping[str, str]) -> None:
    """Write the digests into the file, if the result is a settings file that can be deployed.

    Raises:
        ImageError: the file has no section `[images]`.
        SettingsError: the result can't be deployed; the file is as it was.
    """
    before = file.read_text()
    file.write_text(with_digests(before, digests))
    try:
        load(str(file))
    except Exception:
        file.write_text(before)
        raise
