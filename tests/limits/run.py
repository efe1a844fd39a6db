"""All deployments that are held against the limits, and what build/limits.json says of them."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from compliance.limits.judge import Row, judge_templates
from stacks.settings import Settings
from tests.limits.deployments import templates_of
from tests.limits.drawn import draw_and
from tests.limits.extremes import EXTREMES


@dataclass
class Walk:
    """Rows by limit and deployment."""

    rows: dict[str, dict[str, Row]] = field(default_factory=dict)

    def add(self, deployment: str, rows: Iterable[Row]) -> None:
        """Take in one deployment's rows."""
        for row in rows:
            self.rows.setdefault(row.limit.name, {})[deployment] = row

    def extremes(self) -> None:
        """Walk the deployments at the settings' bounds."""
        for name, wanted in EXTREMES.items():
            self.settings(f"extreme: {name}", Settings.model_validate(wanted))

    def drawn(self, count: int) -> None:
        """Walk drawn deployments."""
        number = iter(range(1, 10 * count))
        draw_and(lambda settings: self.settings(f"drawn {next(number)}", settings), count)

    def settings(self, name: str, settings: Settings) -> None:
        """Walk one deployment."""
        self.add(name, judge_templates(templates_of(settings), settings.deployment.region))

    def objections(self) -> list[str]:
        """Say what is beyond a limit, and where."""
        found = ((name, row.objection) for each in self.rows.values() for name, row in each.items())
        return [f"{name}: {sentence}" for name, sentence in found if sentence]

    def report(self) -> list[dict[str, Any]]:
        """Give each limit with its largest use, its margin, and the use by deployment."""
        return [_told(each) for each in self.rows.values()]


def _told(by_deployment: dict[str, Row]) -> dict[str, Any]:
    worst = max(by_deployment.values(), key=lambda row: row.largest.value)
    limit = worst.limit
    return {
        "limit": limit.name,
        "most": limit.most,
        "stays_free": limit.free,
        "source": limit.source,
        "largest": worst.largest.value,
        "where": worst.largest.place,
        "margin": worst.margin,
        "by_deployment": {
            name: {"largest": row.largest.value, "margin": row.margin} for name, row in by_deployment.items()
        },
    }
