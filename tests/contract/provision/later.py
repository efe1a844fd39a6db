"""A later day, on this machine: an index of files that offers more than was there when the locks were written.

For each package of every lock there is the pinned version, a newer one, and an extra that wants a package nobody
locked; who needs a package in its lock asks for it with that extra, as `coverage[toml]>=7.10.6` was asked for on the
day when the set-up broke. Every third pinned version has been yanked. The locks get the hashes of these files.
"""

import base64
import hashlib
import io
import re
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker

NEWER = "9999.0"
NEVER = "nobody-locked-this"
SOURCES = {"pyspark": "setuptools"}  # what has no wheel, and what builds it
_ENTRY = re.compile(r"^(?P<name>[a-zA-Z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>.+?))? \\$")
_VIA = re.compile(r"^    #(?: via)? +(?P<name>[a-z0-9._-]+)$")
_BUILD_SYSTEM = '[build-system]\nrequires = ["{builder}"]\nbuild-backend = "backend"\nbackend-path = ["."]\n'
_BACKEND = """
import importlib.metadata, pathlib, zipfile
def build_wheel(folder, *_):
    found = importlib.metadata.version("{builder}")
    assert found == "{builder_version}", f"built by {builder} {{found}}"
    with zipfile.ZipFile(pathlib.Path(folder) / "{wheel}", "w") as archive:
        for name in ("METADATA", "WHEEL", "RECORD"):
            archive.writestr("{info}/" + name, pathlib.Path(name).read_text())
    return "{wheel}"
"""


@dataclass(frozen=True)
class Entry:
    """A package of a lock."""

    name: str
    version: str
    marker: str
    wanted_by: tuple[str, ...]

    def is_for(self, **environment: str) -> bool:
        """Say whether this machine installs it, or one of another environment."""
        return not self.marker or Marker(self.marker).evaluate(dict(environment))


def entries(lock: str) -> list[Entry]:
    """Return the packages of a hashed lock, each with those of the lock that want it."""
    found: list[Entry] = []
    for block in re.split(r"^(?=\S)", lock, flags=re.MULTILINE):
        lines = block.splitlines()
        if lines and (match := _ENTRY.match(lines[0])):
            wanted_by = tuple(via["name"] for via in map(_VIA.match, lines) if via)
            found.append(Entry(match["name"], match["version"], match["marker"] or "", wanted_by))
    return found


class Index:
    """The index, built below a folder; `scripts` gives a package's programs by name."""

    def __init__(self, folder: Path, scripts: Mapping[str, Mapping[str, str]]) -> None:
        self.files = folder / "files"
        self.pages = folder / "simple"
        self.files.mkdir(parents=True)
        self._scripts = scripts
        self._made: dict[tuple[str, str], Path] = {}
        self._add(NEVER, NEWER, [])

    def offer(self, lock: str) -> str:
        """Offer what a lock names, and what came later; return the lock with these files' hashes."""
        found = entries(lock)
        lines = []
        for each in found:
            wants = [other for other in found if each.name in other.wanted_by]
            needs = [f"{other.name}[more]>={other.version}" for other in wants]
            file = self._add(each.name, each.version, needs)
            self._add(each.name, NEWER, needs)
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            marker = f" ; {each.marker}" if each.marker else ""
            lines.append(f"{each.name}=={each.version}{marker} \\\n    --hash=sha256:{digest}\n")
        return "".join(lines)

    def write_pages(self) -> str:
        """Write a page for each package, yanking every third pinned version; return the index' address."""
        for name in sorted({name for name, _ in self._made}):
            page = self.pages / name / "index.html"
            page.parent.mkdir(parents=True)
            links = [
                link
                for (package, version), file in self._made.items()
                if package == name
                for link in [self._link(file, yanked=len(name) % 3 == 0 and version != NEWER)]
            ]
            page.write_text(f"<!DOCTYPE html><html><body>{''.join(links)}</body></html>")
        return self.pages.as_uri()

    def _link(self, file: Path, *, yanked: bool) -> str:
        reason = ' data-yanked="a later day"' if yanked else ""
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        return f'<a href="../../files/{file.name}#sha256={digest}"{reason}>{file.name}</a>\n'

    def _add(self, name: str, version: str, needs: list[str]) -> Path:
        if (name, version) not in self._made:
            make = self._source if name in SOURCES else self._wheel
            self._made[name, version] = make(name, version, needs)
        return self._made[name, version]

    def _wheel(self, name: str, version: str, needs: list[str]) -> Path:
        stem = f"{name.replace('-', '_').replace('.', '_')}-{version}"
        file = self.files / f"{stem}-py3-none-any.whl"
        members = dict(self._members(name, version, needs, stem))
        record = "".join(f"{member},sha256={_digest(text)},{len(text)}\n" for member, text in members.items())
        with zipfile.ZipFile(file, "w") as archive:
            for member, text in (
                members | {f"{stem}.dist-info/RECORD": f"{record}{stem}.dist-info/RECORD,,\n"}
            ).items():
                info = zipfile.ZipInfo(member)
                info.external_attr = (0o100755 if ".data/scripts/" in member else 0o100644) << 16
                archive.writestr(info, text)
        return file

    def _members(self, name: str, version: str, needs: list[str], stem: str) -> Iterator[tuple[str, str]]:
        yield f"{stem.partition('-')[0]}_{version.replace('.', '_').replace('+', '_')}.py", ""
        yield f"{stem}.dist-info/METADATA", _metadata(name, version, needs)
        yield f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        for program, text in self._scripts.get(name, {}).items():
            yield f"{stem}.data/scripts/{program}", text

    def _source(self, name: str, version: str, needs: list[str]) -> Path:
        builder = SOURCES[name]
        pinned = next(version for package, version in self._made if package == builder and version != NEWER)
        stem = f"{name}-{version}"
        texts = {
            "PKG-INFO": _metadata(name, version, needs),
            "METADATA": _metadata(name, version, needs),
            "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            "RECORD": "",
            "pyproject.toml": _BUILD_SYSTEM.format(builder=builder),
            "backend.py": _BACKEND.format(
                builder=builder, builder_version=pinned, wheel=f"{stem}-py3-none-any.whl", info=f"{stem}.dist-info"
            ),
        }
        file = self.files / f"{stem}.tar.gz"
        with tarfile.open(file, "w:gz") as archive:
            for member, text in texts.items():
                info = tarfile.TarInfo(f"{stem}/{member}")
                info.size = len(text)
                archive.addfile(info, io.BytesIO(text.encode()))
        return file


def _metadata(name: str, version: str, needs: list[str]) -> str:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", "Provides-Extra: more"]
    return "\n".join(
        [*lines, *(f"Requires-Dist: {need}" for need in needs), f'Requires-Dist: {NEVER}; extra == "more"', ""]
    )


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
