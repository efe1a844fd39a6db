"""Which processes of a local AWS are running: read from the kernel, not from what we believe we started."""

from __future__ import annotations

from pathlib import Path


def processes_of(folder: Path) -> list[str]:
    """Command lines of the processes whose command line or environment names `folder`, but for this one's own."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command, environment = (entry / "cmdline").read_bytes(), (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command + environment:
            found.append(f"{entry.name} {command.replace(bytes(1), b' ').decode(errors='replace')}")
    return found
