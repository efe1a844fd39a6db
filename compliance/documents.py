"""The generated parts of the documents: `python -m compliance.documents` writes them, `--check` says which are stale.

A document marks such a part by `<!-- generated: settings -->` and `<!-- end -->`; everything between is written anew.
Reads source text, the settings' schema, tables in the code, and what was measured: docs/checks.json (`make checks`),
docs/evidence.json (`make evidence`), docs/setup.json (`make bench-setup`), docs/evaluation.json (`make evaluate`) and
docs/score.json (`make bench-score`): it needs neither the CDK nor a synth.
"""

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from compliance import accepted, bad_input, mapping_tables, measured_tables
from compliance.claims import CLAIMS, RULES
from compliance.findings import Acceptance
from model_code.evaluation import lift, tables
from model_code.features.fields import FIELDS
from model_code.features.table import FEATURES
from stacks.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
_BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_BOUNDS = {
    "minimum": "from {}",
    "maximum": "to {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {}",
    "maxProperties": "at most {}",
    "pattern": "`{}`",
}


class StaleDocumentError(Exception):
    """A document names a generated part that nobody writes."""


def settings_reference(_root: Path) -> str:
    """Every setting with its type, default, bounds and meaning: a table for each section of the TOML file."""
    schema = Settings.model_json_schema()
    return "\n".join(_section(name, definition, schema["$defs"]) for name, definition in schema["properties"].items())


def make_targets(root: Path) -> str:
    """The commands of the Makefile with what each says about itself."""
    found = re.findall(r"^([a-z-]+):.*?## (.+)$", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return _table(("command", "what it does"), [(f"`make {name}`", text) for name, text in found])


def accepted_findings(root: Path) -> str:
    """Each reason for which findings are accepted, who answers for it until when, and the files that use it."""
    texts = {
        path.relative_to(root).as_posix(): path.read_text("utf-8") for path in sorted((root / "stacks").rglob("*.py"))
    }
    rows = []
    for name, reason in vars(accepted).items():
        if isinstance(reason, Acceptance):
            users = ", ".join(f"`{path}`" for path, text in texts.items() if re.search(rf"\b{name}\b", text))
            facts = (reason.reason, reason.compensating, reason.control, reason.owner, str(reason.review_by))
            rows.append((f"`{name}`", *facts, users or "nowhere"))
    return _table(("acceptance", "why", "what compensates", "control", "owner", "review by", "used in"), rows)


def checked_claims(_root: Path) -> str:
    """The claims about the templates, with the determination statements that each shows or supports."""
    known = {claim.predicate: claim for claim in CLAIMS}
    rows = []
    for rule in RULES:
        name, says = f"{rule.__module__.rpartition('.')[2]}.{rule.__name__}", " ".join((rule.__doc__ or "").split())
        shows, supports = (known[rule].shows, known[rule].supports) if rule in known else ((), ())
        rows.append((f"`{name}`", says, ", ".join(shows), ", ".join(supports)))
    return _table(("claim", "what it says", "statements shown", "supported"), rows)


def rules_found(root: Path) -> str:
    """Each rule of a pack or scanner that found something, how often before acceptance, and why the findings stand."""
    return _table(*measured_tables.rules(root))


def environments_measured(root: Path) -> str:
    """What each environment's assembly holds: resources, roles, endpoints, findings."""
    return _table(*measured_tables.environments(root))


def what_stays(root: Path) -> str:
    """What outlives the stacks in each environment, and how to remove it."""
    return _table(*measured_tables.stays(root))


def ledger_fields(_root: Path) -> str:
    """The ledger's columns and the moment from which each can be known."""
    rows = [
        (f"`{name}`", "yes" if field.required else "no", field.available_at.name.lower())
        for name, field in FIELDS.items()
    ]
    return _table(("column", "required", "known at"), rows)


def forms_read(root: Path) -> str:
    """In which forms ETL takes encodings, amounts, dates and codes."""
    return _table(*bad_input.tidied(root))


def quarantine_reasons(root: Path) -> str:
    """Each reason for which ETL sets a row aside."""
    return _table(*bad_input.set_aside(root))


def refusals(root: Path) -> str:
    """Each sentence with which ETL and training refuse their input."""
    return _table(*bad_input.refused(root))


def features(_root: Path) -> str:
    """Each feature of the real-time view: what people read of it, what it counts, how far it looks back."""
    rows = [
        (f"`{each.name}`", each.meaning, each.expression.unit.name, f"{each.days} days" if each.days else "itself")
        for each in FEATURES
    ]
    return _table(("feature", "meaning", "counts", "looks back"), rows)


def score_lift(root: Path) -> str:
    """What a review by score finds, beside other orders of it."""
    return lift.table(json.loads((root / "docs/score.json").read_text(encoding="utf-8")))


def mapping_keys(_root: Path) -> str:
    """Each key of a column mapping."""
    return mapping_tables.keys()


def ledger_warnings(_root: Path) -> str:
    """Each warning that ends a job until it is acknowledged."""
    return _table(*mapping_tables.warnings())


def evaluation_targets(root: Path) -> str:
    """What was asked of the models, and what `make evaluate` measured."""
    return tables.targets(_evaluation(root))


def evaluation_tables(root: Path) -> str:
    """Every model's figures on every ledger."""
    return tables.chapters(_evaluation(root))


def _evaluation(root: Path) -> Mapping[str, Any]:
    return json.loads((root / "docs/evaluation.json").read_text(encoding="utf-8"))


BLOCKS: Mapping[str, Callable[[Path], str]] = {
    "settings": settings_reference,
    "make-targets": make_targets,
    "accepted-findings": accepted_findings,
    "checked-claims": checked_claims,
    "rules-found": rules_found,
    "environments-measured": environments_measured,
    "what-stays": what_stays,
    "evidence-counts": lambda root: _table(*measured_tables.evidence(root)),
    "setup-times": lambda root: _table(*measured_tables.setup_times(root)),
    "ledger-fields": ledger_fields,
    "forms-read": forms_read,
    "quarantine-reasons": quarantine_reasons,
    "refusals": refusals,
    "features": features,
    "score-lift": score_lift,
    "mapping-keys": mapping_keys,
    "ledger-warnings": ledger_warnings,
    "evaluation-targets": evaluation_targets,
    "evaluation-tables": evaluation_tables,
}


def _section(name: str, definition: dict[str, Any], models: dict[str, Any]) -> str:
    named = [*definition.get("patternProperties", {}).values()]
    prefix = f"{name}.<name>" if named else name
    model = models[(named[0] if named else definition)["$ref"].rsplit("/", 1)[-1]]
    rows = [
        (f"`{field}`", _type(schema), _default(field, schema, model), _bounds(schema), schema.get("description", ""))
        for field, schema in model["properties"].items()
    ]
    table = _table(("setting", "type", "default", "allowed", "meaning"), rows)
    inner = [
        _section(f"{prefix}.{field}", {"$ref": _plain(schema)["$ref"]}, models)
        for field, schema in model["properties"].items()
        if "$ref" in _plain(schema)
    ]
    return "\n".join(
        [f"### `[{prefix}]`\n\n{definition.get('description') or model['description']}\n\n{table}", *inner]
    )


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without the alternative of being absent."""
    return next((choice for choice in schema.get("anyOf", []) if choice.get("type") != "null"), schema)


def _type(schema: dict[str, Any]) -> str:
    plain = _plain(schema)
    if "$ref" in plain:
        return "section"
    return f"list of {plain['items']['type']}" if plain.get("type") == "array" else plain["type"]


def _default(field: str, schema: dict[str, Any], model: dict[str, Any]) -> str:
    if field in model.get("required", []):
        return "required"
    value = schema.get("default")
    return "absent" if value is None else f"`{value if isinstance(value, str) else repr(value)}`".replace("``", "empty")


def _bounds(schema: dict[str, Any]) -> str:
    plain = _plain(schema)
    each = _bounds(plain["items"]) if "items" in plain else ""
    words = [text.format(plain[key]) for key, text in _BOUNDS.items() if key in plain]
    choices = ", ".join(f"`{choice}`" for choice in plain.get("enum", []))
    return "; ".join(filter(None, [" ".join(words), choices, each and f"each {each}"]))


def _table(head: tuple[str, ...], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def generated(text: str, root: Path) -> str:
    """The document's text with each marked part written anew.

    Raises:
        StaleDocumentError: the document marks a part that is not among `BLOCKS`.
    """

    def written(match: re.Match[str]) -> str:
        if match[2] not in BLOCKS:
            raise StaleDocumentError(f"nobody writes '{match[2]}'; expected one of: {', '.join(BLOCKS)}")
        return f"{match[1]}\n{BLOCKS[match[2]](root)}\n{match[3]}"

    return _BLOCK.sub(written, text)


def stale(root: Path) -> Iterator[tuple[Path, str]]:
    """The documents whose generated parts differ from what they should be, each with its right text."""
    for path in [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]:
        text = path.read_text(encoding="utf-8")
        if (right := generated(text, root)) != text:
            yield path, right


def main() -> int:
    """Write the stale documents, or with `--check` only name them. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m compliance.documents", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 when a document is stale")
    check = parser.parse_args().check
    found = list(stale(ROOT))
    for path, right in found:
        if not check:
            path.write_text(right, encoding="utf-8")
        sys.stdout.write(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}\n")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
