"""The evaluation as JSON for machines and Markdown for people."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from model_code.evaluation import tables
from model_code.evaluation.comparison import Comparison
from model_code.evaluation.targets import Target

_INTRODUCTION = """# Evaluation

Figures on generated or injected anomalies are a regression test, no claim of finding fraud: a classifier learns the
injector. Leave-one-kind-out shows what is left when the kind was never seen. Brackets: 95 % intervals (bootstrap over
the rows of test). Everything was chosen on validation; test was looked at once per run.
"""


def write_report(folder: Path, comparisons: Mapping[str, Comparison], targets: Sequence[Target]) -> str:
    """Write evaluation.json and evaluation.md into the folder; returns the Markdown."""
    facts = {
        "ledgers": {name: comparison.facts() for name, comparison in comparisons.items()},
        "targets": [target._asdict() | {"reached": target.reached} for target in targets],
    }
    (folder / "evaluation.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    parts = [_INTRODUCTION, "## Measured\n", tables.chapters(facts)]
    if targets:
        parts.append("## Targets\n\n" + tables.targets(facts))
    text = "\n".join(parts)
    (folder / "evaluation.md").write_text(text, encoding="utf-8")
    return text
