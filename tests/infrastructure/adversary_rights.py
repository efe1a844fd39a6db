"""`python -m tests.infrastructure.adversary_rights`: evaluate what people may call, into tests/faults/rights.json."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from compliance.synth import synthesize
from compliance.templates import Template, read_templates
from tests.faults.rights import CALLS, FILE, ROLES, Call
from tests.infrastructure.concrete import SAFE, concrete, named
from tests.infrastructure.people_cases import ARN
from tests.infrastructure.policies import Request, decision, policies_of

ENVIRONMENT = "govcloud-west"


def evaluated(templates: Mapping[str, Template]) -> dict[str, dict[str, bool]]:
    """Say for each role and call whether IAM would allow it."""
    requests = {name: _request(templates, call) for name, call in CALLS.items()}
    policies = {role: policies_of(templates, role) for role in ROLES}
    return {
        role: {name: decision(held, request) == "Allow" for name, request in requests.items()}
        for role, held in policies.items()
    }


def _request(templates: Mapping[str, Template], call: Call) -> Request:
    service = call.action.partition(":")[0]
    resource = call.resource if call.resource.startswith("<") else ARN.format(service, call.resource)
    request = concrete(templates, Request(action=call.action, resource=resource, keys=call.keys))
    safe = {key: named(templates, value) for key, value in SAFE.items()} if call.safe else {}
    return replace(request, uid=call.uid, keys={**request.keys, **safe}, tags=call.tags)


def main() -> int:
    """Synthesize, evaluate, write."""
    with TemporaryDirectory() as work:
        synthesize(ENVIRONMENT, Path(work) / "cdk.out")
        found = evaluated(read_templates(Path(work) / "cdk.out"))
    FILE.write_text(f"{json.dumps(found, indent=1)}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
