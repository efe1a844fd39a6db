"""Which functions may write below which prefix of the record, as the stacks grant it; read without the CDK."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.faults.life import Life

SOURCE = Path(__file__).resolve().parents[2] / "stacks" / "components" / "record.py"


def granted() -> dict[str, set[str]]:
    """Prefix below `audit/` -> the handlers that may write there."""
    (table,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(SOURCE.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "WRITERS"
    )
    return {prefix: {re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower() for name in who} for prefix, who in table.items()}


def each_entry_is_of_a_function_that_may_write_it(life: Life) -> Iterator[str]:
    may = granted()
    for key, function in life.world.audit.store.by.items():
        if key.startswith("audit/") and function not in may[key.split("/")[1]]:
            yield f"{function} wrote {key}, which AWS would refuse"
