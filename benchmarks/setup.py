"""How long a newcomer waits: `python -m benchmarks.setup`, into build/bench/setup.json and docs/setup.json.

A fresh clone of the commit that is checked out, an empty home and empty caches; then what `make story` does on its
first day and on its second, phase by phase, and what `make test` installs beyond it. Needs the standard library only.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench" / "setup.json"
KEPT = ROOT / "docs" / "setup.json"
LIMITS = {"set_up_and_bundles": 60, "first_story": 270, "second_story": 150}
"""Seconds on two free cores."""
STORY = {
    "clone": ("git", "clone", "--quiet", str(ROOT), "."),
    "set-up": ("make", "setup"),
    "bundles for this machine": (".venv/bin/python", "-m", "lambdas.bundle", "local"),
    "story": ("make", "story"),
    "second story": ("make", "story"),
    "bundles for AWS": (".venv/bin/python", "-m", "lambdas.bundle", "aws"),
}
REST = {
    "what a check needs": ("make", "setup-check"),
    "what the tests need": ("make", "setup-all"),
    "the scanner checkov": ("make", "checkov"),
}
MINUTES = 30
_CACHES = ("UV_", "XDG_", "PIP_CACHE", "npm_config_cache", "NPM_CONFIG_CACHE", "JSII_")
_DROPPED = (*_CACHES, "VIRTUAL_ENV", "MAKE", "MFLAGS", "PYTHON", "ATOLL_")


class BenchError(Exception):
    """A phase failed."""


def main() -> None:
    """Measure, write both files, print a table; end with status 1 when a phase fails or a limit is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.setup", description=__doc__)
    parser.add_argument("--story", action="store_true", help="only what the story needs, not what the tests do")
    phases = STORY if parser.parse_args().story else STORY | REST
    try:
        found = report(os.getloadavg()[0], measure(phases))
    except BenchError as error:
        sys.exit(f"atoll: {error}")
    for path in (OUT, KEPT):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(found) + "\n")
    if broken := beyond(found):
        sys.exit(f"atoll: {'; '.join(broken)}; see {OUT}")


def measure(phases: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """Run the phases in order, in one fresh clone; each with seconds, bytes that came in, and packages then in place.

    Raises:
        BenchError: a phase failed; its output stays in build/bench.
    """
    taken = []
    with tempfile.TemporaryDirectory(prefix="atoll-setup-") as name:
        clone, home = Path(name) / "atoll", Path(name) / "home"
        clone.mkdir()
        home.mkdir()
        for phase, command in phases.items():
            sys.stdout.write(f"{phase} ...\n")
            sys.stdout.flush()
            taken.append({"phase": phase} | _timed(phase, command, clone, surroundings(os.environ, home)))
    return taken


def surroundings(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return a newcomer's environment: what leads to the indexes stays, every cache and every environment goes."""
    kept = {name: value for name, value in environ.items() if not name.startswith(_DROPPED)}
    own = (str(ROOT / ".venv"), str(ROOT / "node_modules"))
    places = [place for place in environ["PATH"].split(os.pathsep) if not place.startswith(own)]
    jsii = {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(home / "jsii")}  # else a warm one of this user's, in /var/tmp
    return kept | jsii | {"HOME": str(home), "PATH": os.pathsep.join(places)}


def _timed(phase: str, command: Sequence[str], clone: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    log = OUT.parent / f"setup-{phase.replace(' ', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    begin, came, spent = time.monotonic(), received(), _processor_seconds()
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            command, cwd=clone, env=environment, stdout=out, stderr=out, timeout=MINUTES * 60, check=False
        )
    if done.returncode:
        raise BenchError(f"the phase '{phase}' ended with {done.returncode}; see {log}")
    return {
        "seconds": round(time.monotonic() - begin, 1),
        "processor_seconds": round(_processor_seconds() - spent, 1),
        "fetched_mb": round((received() - came) / 1e6, 1),
        "packages": len(list(clone.glob(".venv/lib/python*/site-packages/*.dist-info"))),
    }


def received(listing: Path = Path("/proc/net/dev")) -> int:
    """Return the bytes that came to this machine from others, whoever asked for them; 0 where Linux doesn't count."""
    if not listing.exists():
        return 0
    rows = [line.partition(":") for line in listing.read_text(encoding="utf-8").splitlines()[2:]]
    return sum(int(numbers.split()[0]) for name, _, numbers in rows if name.strip() != "lo")


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(load: float, phases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what is kept: the machine, the phases and what they come to."""
    seconds = {each["phase"]: each["seconds"] for each in phases}
    first = ("clone", "set-up", "bundles for this machine", "story")
    in_place = ("set-up", "bundles for this machine", "bundles for AWS")
    return {
        "machine": {
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "load_before": round(load, 1),
        },
        "phases": phases,
        "seconds": {
            "set_up_and_bundles": round(sum(seconds[phase] for phase in in_place), 1),
            "first_story": round(sum(seconds[phase] for phase in first), 1),
            "second_story": seconds["second story"],
        },
    }


def beyond(found: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each limit that is broken."""
    taken = found["seconds"]
    return [f"{name} took {taken[name]:.0f} s, at most {most} s" for name, most in LIMITS.items() if taken[name] > most]


def table(found: Mapping[str, Any]) -> str:
    """Return the phases and the sums as text."""
    rows = [
        f"{each['phase']:26} {each['seconds']:7.1f} s {each['fetched_mb']:7.1f} MB {each['packages']:4} packages"
        for each in found["phases"]
    ]
    return "\n".join([*rows, *(f"{name:26} {value:7.1f} s" for name, value in found["seconds"].items())])


if __name__ == "__main__":
    main()
