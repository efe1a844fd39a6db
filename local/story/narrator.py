"""Tells each step as it happens, and records it in `build/story.json`."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

Facts = dict[str, Any]
"""What a step found out: JSON values under speaking names."""


@dataclass
class Step:
    """One step of the story as `build/story.json` records it."""

    name: str
    title: str
    status: str = "running"
    seconds: float = 0.0
    facts: Facts = field(default_factory=dict)
    error: str | None = None


class Narrator:
    """Draws a progress bar, prints a line for each step that ends, and keeps the record.

    Args:
        record: the JSON file, rewritten whenever a step begins or ends, so that a crash loses nothing.
        total: how many steps the story has.
        console: where to write; a terminal gets a moving bar, anything else plain lines.
    """

    def __init__(self, record: Path, total: int, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.steps: list[Step] = []
        self._record = record
        self._total = total
        self._began = time.monotonic()
        self._at = datetime.now(UTC).isoformat(timespec="seconds")
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )

    @contextmanager
    def telling(self) -> Generator[Narrator]:
        """Show the bar while the story runs and write the record at its end, however it ends."""
        self._bar = self._progress.add_task("", total=self._total)
        with self._progress:
            try:
                yield self
            finally:
                self._write()

    @contextmanager
    def step(self, name: str, title: str) -> Generator[Facts]:
        """Run one step: the block fills the facts; an exception marks the step failed and goes on up."""
        step = Step(name, title)
        self.steps.append(step)
        self._progress.update(self._bar, description=f"{title} ...")
        self._write()
        began = time.monotonic()
        try:
            yield step.facts
        except BaseException as error:
            step.status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            step.error = f"{type(error).__name__}: {error}"
            raise
        else:
            step.status = "ok"
        finally:
            step.seconds = round(time.monotonic() - began, 2)
            self._progress.advance(self._bar)
            self._write()
            self._print(step)

    def progress(self, text: str) -> None:
        """Say beside the bar what the running step is doing."""
        self._progress.update(self._bar, description=f"{self.steps[-1].title}: {escape(text)}")

    @property
    def seconds(self) -> float:
        """How long the story has been told so far."""
        return round(time.monotonic() - self._began, 1)

    def facts(self, name: str) -> Facts:
        """The facts of a step that was told already; `KeyError` when it was not."""
        for step in self.steps:
            if step.name == name:
                return step.facts
        raise KeyError(name)

    def _print(self, step: Step) -> None:
        mark = {"ok": "[green]ok[/]", "failed": "[red]FAILED[/]"}.get(step.status, f"[yellow]{step.status}[/]")
        filled = round(20 * len(self.steps) / self._total)
        bar = "█" * filled + "░" * (20 - filled)
        number = f"{len(self.steps):2}/{self._total}"
        self.console.print(f"{bar} {number}  {step.title:<58} {mark}  {step.seconds:6.1f} s", soft_wrap=True)
        if told := step.facts.get("told"):
            self.console.print(Padding(Text(told, style="dim"), (0, 0, 0, 28), expand=False))

    def _write(self) -> None:
        complete = len(self.steps) == self._total and all(step.status == "ok" for step in self.steps)
        story = {
            "status": "ok" if complete else "incomplete",
            "began": self._at,
            "seconds": self.seconds,
            "steps": [asdict(step) for step in self.steps],
        }
        self._record.parent.mkdir(parents=True, exist_ok=True)
        draft = self._record.with_suffix(".part")
        draft.write_text(json.dumps(story, indent=2, default=str) + "\n", encoding="utf-8")
        draft.replace(self._record)
