"""`python -m compliance preflight`: what the account lacks for the first deployment, by calls that only read."""

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from compliance import preflight_account, preflight_checks
from compliance.preflight_checks import Clients, Finding
from stacks.settings import settings_or_exit

if TYPE_CHECKING:
    from stacks.settings import Settings


CHECKS = (*preflight_checks.CHECKS, *preflight_account.CHECKS)


def preflight(settings: "Settings", clients: Clients) -> list[Finding]:
    """Run every check; a check whose call is refused or fails becomes a finding of its own."""
    findings: list[Finding] = []
    for check in CHECKS:
        try:
            findings.extend(check(settings, clients))
        except (ClientError, BotoCoreError) as error:
            subject = check.__name__.replace("_", " ")
            mend = "mend what the call was refused for, and run this again"
            findings.append(Finding(subject=subject, ok=False, found=" ".join(str(error).split()), mend=mend))
    return findings


def table(findings: Sequence[Finding]) -> str:
    """Lay the findings out, each failure with what to do below it."""
    width = max(len(each.subject) for each in findings)
    lines = []
    for each in findings:
        lines.append(f"{'ok  ' if each.ok else 'FAIL'}  {each.subject:<{width}}  {each.found}")
        if not each.ok:
            lines.append(f"{'':<6}{'':<{width}}  -> {each.mend}")
    failed = sum(not each.ok for each in findings)
    lines.append(f"{len(findings) - failed} of {len(findings)} are as the deployment needs them")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Check the account that the environment names; 1 when something is missing.

    Raises:
        SystemExit: the settings can't be used; in one sentence.
    """
    parser = argparse.ArgumentParser(prog="python -m compliance preflight", description=__doc__)
    parser.add_argument("--environment", required=True, help="name below environments/, or a path to a TOML file")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    given = parser.parse_args(arguments)
    settings = settings_or_exit({"ATOLL_ENVIRONMENT": given.environment})

    @cache
    def clients(service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        return boto3.client(service, region_name=settings.deployment.region)

    findings = preflight(settings, clients)
    if given.json:
        sys.stdout.write(json.dumps([dataclasses.asdict(each) for each in findings], indent=1) + "\n")
    else:
        sys.stdout.write(table(findings) + "\n")
    return int(not all(each.ok for each in findings))
