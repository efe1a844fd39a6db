"""The one door through which a finding of a rule pack may be accepted: on one resource, with a reason that can be read.

CDK itself takes an empty reason, a rule that does not exist and a whole stack as the scope (facts/cdk.md, section 3).
"""

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from constructs import IConstruct

OWN_PACK = "Atoll"
PACKS = ("AwsSolutions", "NIST.800.53.R5", OWN_PACK)
SCANNERS = ("cfn-lint", "checkov", "cloudsplaining")
"""What reads the templates after the synth (compliance/scanners.py); a synth knows nothing of their findings."""
TEMPLATE_VALIDATION = "CloudFormation-Validate"
REGISTER_FILE = "accepted-findings.json"
OWN_PACK_FILE = "atoll-rules.json"
_LEAST_WORDS = 8


class FindingError(Exception):
    """A finding may not be accepted in this way; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True)
class Acceptance:
    """Why a finding may stand: the reason, the control it touches, what compensates, who answers, and until when."""

    reason: str
    control: str
    compensating: str
    owner: str
    review_by: date

    def __post_init__(self) -> None:
        for name in ("reason", "compensating"):
            if len(getattr(self, name).split()) < _LEAST_WORDS:
                raise FindingError(
                    f"{name} {getattr(self, name)!r} is too thin: an assessor needs at least {_LEAST_WORDS} words",
                )
        if not self.control or not self.owner:
            raise FindingError("an acceptance names the control that it touches and the owner who answers for it")


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One entry of the register: which rule, on which construct, and why."""

    path: str
    pack: str
    rule: str
    acceptance: Acceptance


class Register:
    """Every finding accepted in one app, in the order of acceptance; `write` puts it beside the templates."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], Accepted] = {}

    def add(self, entry: Accepted) -> None:
        """Remember one acceptance; the same rule on the same construct counts once."""
        self._entries[entry.path, entry.rule] = entry

    def write(self, folder: Path) -> None:
        """Write the register as JSON, sorted, so that equal apps give equal bytes."""
        entries = sorted(self._entries.values(), key=lambda entry: (entry.path, entry.rule))
        text = json.dumps([asdict(entry) for entry in entries], indent=1, sort_keys=True, default=str)
        (folder / REGISTER_FILE).write_text(text + "\n", encoding="utf-8")


REGISTER = Register()


def accept_finding(resource: "IConstruct", pack: str, rule: str, *, because: Acceptance) -> None:
    """Accept one rule's finding on one resource, and enter it in the register.

    `rule` is the full id that the pack reports, with its bracket: `AwsSolutions-IAM5[Resource::*]`. Instead of a
    pack a scanner may be named: then `compliance.scanners` holds its findings against the register.

    Raises:
        FindingError: for an unknown pack, a rule of another pack, or a scope as wide as a stack or the app.
    """
    import aws_cdk as cdk  # noqa: PLC0415 - unit tests of this module must not pay for the CDK

    if cdk.Stack.is_stack(resource) or cdk.App.is_app(resource):
        raise FindingError(f"{resource.node.path or 'the app'} is too wide a scope for {rule}: accept it on a resource")
    check_rule(pack, rule)
    if pack not in SCANNERS:
        cdk.Validations.of(resource).acknowledge(cdk.Acknowledgment(id=f"{pack}::{rule}", reason=because.reason))
    REGISTER.add(Accepted(path=resource.node.path, pack=pack, rule=rule, acceptance=because))


def check_rule(pack: str, rule: str) -> None:
    """Refuse packs that we do not run and rules that the pack cannot report.

    Raises:
        FindingError: naming the pack or the rule.
    """
    known = (*PACKS, *SCANNERS, TEMPLATE_VALIDATION)
    if pack not in known:
        raise FindingError(f"unknown rule pack {pack!r}; expected one of {', '.join(known)}")
    if pack in PACKS and not rule.startswith(f"{pack}-"):
        raise FindingError(f"rule {rule!r} is not one of {pack}: its rules begin with {pack}-")
