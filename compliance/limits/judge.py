"""Holds an assembly against the table."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from compliance.limits.measured import Assembly, Use
from compliance.limits.names import Site
from compliance.limits.table import LIMITS, Limit
from compliance.scanners import region
from compliance.templates import Template, read_templates
from stacks.regions import HOST_SUFFIX, PROFILES

_ACCOUNT = "1" * 12


@dataclass(frozen=True, kw_only=True)
class Row:
    """The largest use of one limit in one assembly."""

    limit: Limit
    largest: Use

    @property
    def margin(self) -> int:
        """What is left of the limit."""
        return self.limit.most - self.largest.value

    @property
    def objection(self) -> str | None:
        """Say what is too large, or nothing."""
        if self.largest.value <= self.limit.allowed:
            return None
        return (
            f"{self.largest.place}: {self.largest.value} {self.limit.name}; AWS takes {self.limit.most}, of which "
            f"{self.limit.free} stay free ({self.limit.source}). Split or merge what stands there"
        )


def site(of_region: str) -> Site:
    """Give the place that templates of a region are resolved for."""
    return Site(partition=PROFILES[of_region].partition, region=of_region, account=_ACCOUNT, suffix=HOST_SUFFIX)


def judge_templates(templates: dict[str, Template], of_region: str) -> Iterator[Row]:
    """Give the largest use of every limit that these templates touch."""
    assembly = Assembly(templates, site(of_region))
    for limit in LIMITS:
        if uses := list(limit.measure(assembly)):
            yield Row(limit=limit, largest=max(uses, key=lambda use: use.value))


def judge_assembly(folder: Path) -> list[Row]:
    """Give the largest use of every limit in a synthesized assembly."""
    return list(judge_templates(read_templates(folder), region(folder)))
