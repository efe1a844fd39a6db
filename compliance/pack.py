"""Atoll's own rule pack, in the manner of cdk-nag's: what public packs don't ask of SageMaker, MLflow and roles.

Its rules are the claims over the templates; each has a failing example in tests/infrastructure/broken_*.py.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from types import FunctionType

import aws_cdk as cdk
import jsii

from compliance import permissions
from compliance.claims import RULES, carried
from compliance.findings import OWN_PACK, OWN_PACK_FILE
from compliance.templates import Templates

_TEMPLATE = ".template.json"


@jsii.implements(cdk.IPolicyValidationPlugin)
class AtollChecks:
    """A validation plugin: at synth, each objection to a claim is a violation of the rule `Atoll-<claim>`.

    `bounded` says that the settings name a permissions boundary, which every role must carry then.
    """

    def __init__(self, *, bounded: bool) -> None:
        self._rules = (*RULES, permissions.every_role_is_bounded) if bounded else RULES
        self._stacks: list[str] = []

    @property
    def name(self) -> str:
        """The pack's name in the report and in acknowledgements."""
        return OWN_PACK

    @property
    def version(self) -> str:
        """The version that the report shows."""
        return "1.0.0"

    @property
    def rule_ids(self) -> list[str]:
        """The ids of all rules."""
        return [rule_id(claim) for claim in self._rules]

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """Judge all templates of the app at once: some claims look across stacks."""
        paths = {Path(path).name.removesuffix(_TEMPLATE): path for path in context.template_paths}
        templates = {stack: json.loads(Path(path).read_text(encoding="utf-8")) for stack, path in paths.items()}
        self._stacks = sorted(templates)
        violations = [
            _violation(claim, objection, templates, paths) for claim in self._rules for objection in claim(templates)
        ]
        return cdk.PolicyValidationPluginReport(success=not violations, violations=violations)

    def write(self, folder: Path) -> None:
        """Write which rules judged which stacks: the CDK's report leaves out a pack that found nothing."""
        text = json.dumps({"rules": sorted(self.rule_ids), "stacks": self._stacks}, indent=1)
        (folder / OWN_PACK_FILE).write_text(text + "\n", encoding="utf-8")


def rule_id(claim: FunctionType) -> str:
    """Give the id under which a claim is reported and may be accepted."""
    return f"{OWN_PACK}-{claim.__name__}"


def promise(claim: FunctionType) -> str:
    """Give what a claim says."""
    return " ".join((claim.__doc__ or "").split())


def _violation(claim: FunctionType, objection: str, templates: Templates, paths: dict[str, str]) -> cdk.PolicyViolation:
    stack, *within = objection.split(" ", 1)[0].split("/")
    return cdk.PolicyViolation(
        rule_name=rule_id(claim),
        description=f"{objection}. The rule: {promise(claim)}",
        severity="error",
        rule_metadata={"statements": " ".join(carried(claim))},
        violating_resources=[_place(stack, within, templates, paths)],
    )


def _place(
    stack: str, within: Sequence[str], templates: Templates, paths: dict[str, str]
) -> cdk.PolicyViolatingResource:
    logical = next((part for part in within if part in templates[stack]["Resources"]), None)
    if logical is None:
        return cdk.PolicyViolatingResource(construct_path=stack, template_path=paths[stack], locations=list(within))
    return cdk.PolicyViolatingResource(
        resource_logical_id=logical, template_path=paths[stack], locations=["Properties"]
    )
