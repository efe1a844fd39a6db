"""One release on a time axis, as a Mermaid diagram: `python -m local.story.timeline build/story/release.json`.

The file is what `python -m releases show <release> --json` prints of a release that was taken back or replaced.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SPANS = (
    ("Training", "{submitter} trains, without a network", "training_started", "training_completed"),
    ("Approval", "verified, gated, requested, waits for {approver}", "training_completed", "executed"),
    ("Endpoint", "update and smoke test", "executed", "released"),
    ("Endpoint", "v{version} is the champion", "released", "superseded"),
)
"""Section, text, and the two moments between which it happens."""


def diagram(shown: Mapping[str, Any]) -> str:
    """A Mermaid `gantt` of a release: who worked on it or waited for whom, and how long.

    Raises:
        KeyError: the release lacks one of the moments: it was not released, or serves still.
    """
    moments = {step["what"]: datetime.strptime(step["at"], "%Y%m%dT%H%M%S%z") for step in reversed(shown["timeline"])}
    lines = ["gantt", f"    title {shown['release']}", "    dateFormat YYYY-MM-DD HH:mm:ss", "    axisFormat %H:%M:%S"]
    for section, text, start, end in SPANS:
        began, ended = moments[start], moments[end]
        if f"    section {section}" not in lines:
            lines.append(f"    section {section}")
        words = f"{text.format_map(shown)}, {(ended - began).total_seconds():.0f} s"
        lines.append(f"    {words} : {began:%Y-%m-%d %H:%M:%S}, {ended:%Y-%m-%d %H:%M:%S}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.stdout.write(diagram(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))) + "\n")
