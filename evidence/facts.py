"""The one model of an assembly: what a deployment of these settings would be, read once for all who tell of it."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from compliance.templates import Template, read_templates

STACKS = frozenset({"Atoll-Foundation", "Atoll-Registry"})
"""What every deployment of ours has; an assembly without them is another app's."""
_MANIFEST = "manifest.json"


class FactsError(Exception):
    """The folder isn't an assembly of ours, or not a whole one; the message says what was found and expected."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """An assembly: its environment, its templates by stack, and the hash of all of them."""

    environment: str
    templates: dict[str, Template]
    sha256: str


def read_facts(assembly: Path) -> Facts:
    """Read an assembly's templates and see that none is missing, foreign or broken.

    Raises:
        FactsError: in one sentence.
    """
    named = _templates_named(assembly)
    try:
        templates = read_templates(assembly)
    except ValueError as error:
        raise FactsError(f"A template below {assembly} is no JSON ({error}): synthesize it again.") from error
    if missing := sorted(named - set(templates)):
        raise FactsError(f"{assembly} names the template of {missing[0]}, and it isn't there: synthesize it again.")
    if strange := sorted(set(templates) - named):
        raise FactsError(f"{assembly} holds a template that its manifest doesn't name: {strange[0]}. Whose is it?")
    if lacking := sorted(STACKS - set(templates)):
        raise FactsError(f"{assembly} is another app's: it has no stack {lacking[0]}, but {sorted(templates)[:3]}.")
    if broken := next((name for name, each in templates.items() if not isinstance(each.get("Resources"), dict)), None):
        raise FactsError(f"The template of {broken} below {assembly} has no resources: synthesize it again.")
    text = json.dumps(templates, sort_keys=True).encode()
    return Facts(environment=assembly.name, templates=templates, sha256=hashlib.sha256(text).hexdigest())


def _templates_named(assembly: Path) -> set[str]:
    try:
        manifest = json.loads((assembly / _MANIFEST).read_text(encoding="utf-8"))
        kinds = {name: body["type"] for name, body in manifest["artifacts"].items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FactsError(
            f"{assembly} is no assembly of the CDK: its {_MANIFEST} can't be read ({type(error).__name__}). "
            "Expected is a folder that `make synth` wrote, as build/synth/govcloud-west."
        ) from error
    return {name for name, kind in kinds.items() if kind == "aws:cloudformation:stack"}
