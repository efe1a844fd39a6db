"""One measurement against a limit, and what every measure looks at: an assembly as written and as resolved."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from compliance.limits.names import Site
from compliance.limits.resolved import Resolved
from compliance.templates import Resource, Template, resources


@dataclass(frozen=True, kw_only=True)
class Use:
    """How much of a limit one place takes."""

    place: str
    value: int


class Assembly:
    """The templates of one deployment: `written` as synthesized, `resolved` as the account would hold them."""

    def __init__(self, templates: dict[str, Template], site: Site) -> None:
        self.written = templates
        made = Resolved(templates, site)
        self.resolved = made.templates()
        self.value = made.value

    def each(self, *types: str) -> Iterator[Resource]:
        """Give the resolved resources of these types, or of all."""
        return resources(self.resolved, *types)


def characters(document: object) -> int:
    """Count a policy's characters as IAM does: without white space between them."""
    return len(json.dumps(document, separators=(",", ":"), ensure_ascii=False))
