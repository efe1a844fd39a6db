"""What CloudFormation's handlers may call, by type, out of cfn-lint's copy of AWS's schemas, for the local AWS.

The local AWS runs without cfn-lint, so the types of our templates are kept in `local/rights/handlers.json`.
`python -m tests.infrastructure.handlers ASSEMBLY...` writes it anew.
"""

import json
import sys
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from compliance.templates import read_templates, resources
from local.rights import reference
from local.rights.types import HANDLERS


def of_types(kinds: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Give the actions of each type's handlers; nothing for a type of which AWS publishes no list."""
    schemas = files("cfnlint") / "data" / "schemas"
    names = json.loads((schemas / "providers" / "us-east-1.json").read_text(encoding="utf-8"))
    return {kind: _handlers(json.loads((schemas / "resources" / f"{names[kind]}.json").read_text(encoding="utf-8")))
            for kind in sorted(kinds) if kind in names}  # fmt: skip


def _handlers(schema: dict[str, Any]) -> dict[str, list[str]]:
    """Leave out what is no action: some lists name operations of the API."""
    wanted = ("create", "read", "update", "delete")
    found = {name: about["permissions"] for name, about in schema.get("handlers", {}).items() if name in wanted}
    return {name: [each for each in actions if reference.is_known(each)] for name, actions in found.items()}


def main(assemblies: Iterable[str]) -> None:
    """Write the file for the types of these assemblies."""
    kinds = {each.type for folder in assemblies for each in resources(read_templates(Path(folder)))}
    HANDLERS.write_text(json.dumps(of_types(kinds), indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
