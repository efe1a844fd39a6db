"""Tables of what ETL and training do with bad input, read from their source: what is tidied, set aside, refused."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

Row = tuple[str, ...]
ETL = "model_code/etl"
TIDIED = {
    "text_files": ("encoding_of",),
    "amounts": ("parse_amount",),
    "dates": ("parse_date",),
    "validation": ("_mcc",),
}
"""The functions whose first line says what form they forgive."""
JOBS = {
    "etl": ("etl/*.py", "container/etl.py", "hosts.py"),
    "score": ("scoring/*.py", "serving/archive.py", "container/score.py"),
    "train": ("training/*.py", "container/train.py", "hosts.py"),
}
"""The jobs that refuse input, and their files below model_code."""


def tidied(root: Path) -> tuple[Row, list[Row]]:
    """What is read although it is written in several ways."""
    rows = []
    for module, names in TIDIED.items():
        functions = {
            node.name: node
            for node in ast.walk(_tree(root / ETL / f"{module}.py"))
            if isinstance(node, ast.FunctionDef)
        }
        for name in names:
            says = (ast.get_docstring(functions[name]) or "").splitlines()[0]
            rows.append((name.removeprefix("_").removeprefix("parse_").removesuffix("_of"), says))
    return ("what", "how it is read"), rows


def set_aside(root: Path) -> tuple[Row, list[Row]]:
    """Each reason for which a row goes to the quarantine; the ledger's other rows are used."""
    reasons = [
        *(reason for file in ("validation", "own_values") for reason in _sentences(root / ETL / f"{file}.py", "_must"))
    ]
    named = _constants(_tree(root / ETL / "shapes.py")) | _constants(_tree(root / ETL / "checking.py"))
    shapes = [named[name] for name in ("BLANK", "REMARK", "AGAIN", "SHIFTED")]
    listed = [*shapes, *reasons, named["DUPLICATE"]]
    return ("reason in the quarantine",), [(f"`{reason}`",) for reason in listed]


def refused(root: Path) -> tuple[Row, list[Row]]:
    """Each sentence with which a job ends for its input's sake; it stands in the job's failure file."""
    rows: list[Row] = [
        (f"`{job}`", sentence)
        for job, patterns in JOBS.items()
        for pattern in patterns
        for path in sorted((root / "model_code").glob(pattern))
        for sentence in _sentences(path, "InputError")
    ]
    return ("job", "sentence"), rows


def _sentences(path: Path, error: str) -> Iterator[str]:
    """What the error says wherever the file raises it, in the file's order. A sentence of a list was said elsewhere."""
    tree = _tree(path)
    constants = _constants(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == error]
    for call in sorted(calls, key=lambda call: call.lineno):
        if not isinstance(call.args[0], ast.Subscript):
            yield _text(call.args[0], constants)


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _constants(tree: ast.Module) -> dict[str, object]:
    """The module's own names for plain values; a call such as date(2000, 1, 1) is shown by its numbers."""
    found: dict[str, object] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            if isinstance(node.value, ast.Constant):
                found[node.targets[0].id] = node.value.value
            elif isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "date":
                found[node.targets[0].id] = "-".join(f"{ast.literal_eval(each):02}" for each in node.value.args)
    return found


def _text(node: ast.expr, constants: dict[str, object]) -> str:
    """The sentence; what is filled in at run time stands in braces, by its name."""
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) for part in node.values)
    if isinstance(node, ast.Name):
        return str(constants[node.id])
    if not isinstance(node, ast.FormattedValue):
        return str(ast.literal_eval(node))
    if isinstance(node.value, ast.Name) and node.value.id in constants:
        form = _text(node.format_spec, constants) if node.format_spec else ""
        return format(constants[node.value.id], form)
    value = node.value.values[0] if isinstance(node.value, ast.BoolOp) else node.value
    words = re.findall(r"[A-Za-z_]+", ast.unparse(value))
    own = [word for word in words if word not in {"name", "join", "self"}] or words
    return f"{{{own[-1].replace('_', ' ').strip().lower()}}}"
