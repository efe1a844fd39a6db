"""The rules of the house, read from the source with `ast`: sizes, partition literals, pickles, findings, imports.

Lines are non-blank lines. `local/` and `tests/` may spell ARNs and host names: they emulate AWS, they are not deployed.
Complexity, argument counts and docstrings are ruff's business; the layers between rooms are import-linter's.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

import pytest

from tests.tracked import ROOT, tracked

ROOMS = ("stacks", "lambdas", "model_code", "mlflow_server", "compliance", "evidence", "local", "provision", "tests")
DEPLOYED = (
    "app.py",
    "cdk.json",
    "environments/",
    "stacks/",
    "lambdas/",
    "model_code/",
    "mlflow_server/",
    "compliance/",
)
MEASURED = ("lambdas", "compliance", "model_code")  # rooms whose tests must keep up with their source
CLAIMS = ("compliance/predicates.py", "compliance/permissions.py", "compliance/serving.py")
# Only the region profile may state a partition's facts; the predicate that looks for them must spell what it looks for.
SPELLS_PARTITIONS = {"stacks/regions.py", "compliance/predicates.py"}
FILE_LINES, FUNCTION_LINES, USUAL_FUNCTION_LINES, STACK_LINES, FRONT_DOOR_LINES = 250, 40, 25, 60, 30
TEST_TO_SOURCE = 0.8
PICKLES = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "shelve"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Source:
    """A file of ours: its path below the project folder and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def imports(self) -> list[str]:
        return list(imported(self.tree.body))

    @cached_property
    def counted(self) -> list[int]:
        """How many lines that aren't blank there are before each line, and in all."""
        return [0, *accumulate(bool(line.strip()) for line in self.text.splitlines())]

    @property
    def lines(self) -> int:
        return self.counted[-1]

    def length(self, node: ast.stmt) -> int:
        return self.counted[node.end_lineno or 0] - self.counted[node.lineno - 1]

    @property
    def is_python(self) -> bool:
        return self.path.endswith(".py")


def sources() -> list[Source]:
    """Every text file that git holds or would hold."""
    contents = ((path.relative_to(ROOT).as_posix(), path.read_bytes()) for path in tracked())
    return [Source(name, content.decode()) for name, content in contents if b"\0" not in content]


FILES = sources()
PYTHON = [source for source in FILES if source.is_python]


def room(source: Source) -> str:
    return source.path.split("/")[0]


def calls(source: Source) -> Iterator[ast.Call]:
    return (node for node in source.nodes if isinstance(node, ast.Call))


def functions(source: Source) -> Iterator[tuple[str, Function]]:
    """Functions and methods with their qualified names; a stack's `__init__` is called `<Class>Stack.__init__`."""
    for node in source.nodes:
        if isinstance(node, ast.ClassDef):
            is_stack = any(ast.unparse(base).endswith("Stack") for base in node.bases)
            suffix = "Stack" if is_stack and not node.name.endswith("Stack") else ""
            yield from ((f"{node.name}{suffix}.{item.name}", item) for item in node.body if isinstance(item, Function))
    in_classes = {id(item) for node in source.nodes if isinstance(node, ast.ClassDef) for item in node.body}
    yield from ((node.name, node) for node in source.nodes if isinstance(node, Function) and id(node) not in in_classes)


def imported(nodes: list[ast.stmt]) -> Iterator[str]:
    """Absolute names that these statements import when they run: not below `if TYPE_CHECKING`, nor in functions."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (node.module, *(f"{node.module}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from imported(node.orelse)
        elif not isinstance(node, Function):
            yield from imported([child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)])


def too_long_file(source: Source) -> list[str]:
    too_long = source.is_python and source.lines > FILE_LINES
    return [f"{source.path} has {source.lines} lines, at most {FILE_LINES}: split it by subject"] if too_long else []


def too_long_function(source: Source) -> list[str]:
    breaches = []
    for name, node in functions(source) if source.is_python else ():
        limit = STACK_LINES if name.endswith("Stack.__init__") else FUNCTION_LINES
        if source.length(node) > limit:
            breaches.append(f"{source.path}:{node.lineno} {name} has {source.length(node)} lines, at most {limit}")
    return breaches


def front_door_is_busy(source: Source) -> list[str]:
    if source.path != "app.py":
        return []
    branches = [node for node in source.nodes if isinstance(node, ast.If)]
    return [f"app.py has {source.lines} lines and {len(branches)} ifs"] * (
        source.lines > FRONT_DOOR_LINES or bool(branches)
    )


def silent_room(source: Source) -> list[str]:
    is_room = source.path in {f"{name}/__init__.py" for name in ROOMS if name != "tests"}
    return (
        [f"{source.path} doesn't say what the room promises"] if is_room and not ast.get_docstring(source.tree) else []
    )


def partition_literal(source: Source) -> list[str]:
    if not source.path.startswith(DEPLOYED) or source.path in SPELLS_PARTITIONS:
        return []
    lines = enumerate(source.text.splitlines(), start=1)
    forbidden = re.compile(r"arn:aws[a-z-]*:|amazonaws\.com")
    return [f"{source.path}:{n} {line.strip()}" for n, line in lines if forbidden.search(line)]


def pickle_import(source: Source) -> list[str]:
    if not source.is_python:
        return []
    names = {name.split(".")[0] for name in imported([node for node in source.nodes if isinstance(node, ast.stmt)])}
    return [f"{source.path} imports {name}" for name in sorted(names & PICKLES)]


def acknowledgement(source: Source) -> list[str]:
    if not source.is_python or source.path == "compliance/findings.py":
        return []
    found = [call for call in calls(source) if isinstance(call.func, ast.Attribute) and call.func.attr == "acknowledge"]
    return [f"{source.path}:{call.lineno} acknowledges a finding itself: use accept_finding" for call in found]


def machine_path(source: Source) -> list[str]:
    lines = enumerate(source.text.splitlines(), start=1)
    forbidden = re.compile(r"(?<![\w.>})-])/(?:work|root|home|Users)/")
    return [f"{source.path}:{n} {line.strip()[:100]}" for n, line in lines if forbidden.search(line)]


def whole_walk(source: Source) -> list[str]:
    if not source.is_python:
        return []
    attributes = [call for call in calls(source) if isinstance(call.func, ast.Attribute)]
    walked = [call for call in attributes if ast.unparse(call.func) in {"ROOT.rglob", "ROOT.walk"}]
    return [f"{source.path}:{call.lineno} walks what others make and delete: use tracked()" for call in walked]


LONG_BODY = "    pass\n" * 60
RULES: dict[Callable[[Source], list[str]], Source] = {  # each rule with an example that breaks it
    too_long_file: Source("lambdas/long.py", "x = 1\n" * 251),
    too_long_function: Source(
        "stacks/components/queue.py", f"class Queue(Construct):\n  def __init__(self):\n{LONG_BODY}"
    ),
    whole_walk: Source("tests/unit/test_locks.py", 'LOCKS = ROOT.rglob("*.in")'),
    front_door_is_busy: Source("app.py", "if True:\n    pass\n"),
    silent_room: Source("lambdas/__init__.py", "import os\n"),
    partition_literal: Source("stacks/training.py", "ROLE = 'arn:aws:iam::000000000000:role/x'\n"),
    pickle_import: Source("model_code/io.py", "def load():\n    from pickle import loads\n"),
    acknowledgement: Source("stacks/tracking.py", "Validations.of(bucket).acknowledge(finding)\n"),
    machine_path: Source("docs/deploy.md", "See /" + "home/someone/notes.\n"),
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_no_file_breaks_the_rule(rule: Callable[[Source], list[str]]) -> None:
    breaches = [breach for source in FILES for breach in rule(source)]
    assert not breaches, "\n".join(breaches)


@pytest.mark.parametrize(("rule", "example"), RULES.items(), ids=lambda item: getattr(item, "__name__", ""))
def test_the_rule_sees_its_breach(rule: Callable[[Source], list[str]], example: Source) -> None:
    assert rule(example)


def test_a_stack_may_take_sixty_lines_and_a_construct_forty() -> None:
    body = "    pass\n" * 55
    stack = Source("stacks/foundation.py", f"class Foundation(cdk.Stack):\n  def __init__(self):\n{body}")
    assert not too_long_function(stack)
    assert too_long_function(Source("stacks/key.py", stack.text.replace("cdk.Stack", "Construct")))


def test_nine_functions_of_ten_stay_short() -> None:
    lengths = sorted(
        (source.length(node), f"{source.path} {name}") for source in PYTHON for name, node in functions(source)
    )
    p90 = lengths[int(len(lengths) * 0.9)][0]
    longest = "\n".join(f"{length:4} {name}" for length, name in lengths[-20:])
    assert p90 <= USUAL_FUNCTION_LINES, f"the 90th percentile is {p90} lines; the longest:\n{longest}"


def module_files() -> dict[str, Source]:
    names = {source.path.removesuffix(".py").replace("/", "."): source for source in PYTHON}
    return {name.removesuffix(".__init__"): source for name, source in names.items()}


def way_to(forbidden: str, start: str, modules: dict[str, Source]) -> list[str]:
    """The chain of imports from a module of ours to a forbidden package; empty when there is none."""
    waiting, seen = [[start]], {start}
    while waiting:
        way = waiting.pop(0)
        for name in modules[way[-1]].imports:
            if name.split(".")[0] == forbidden:
                return [*way, name]
            parts = name.split(".")
            packages = {".".join(parts[:depth]) for depth in range(1, len(parts) + 1)}
            for module in sorted(packages & modules.keys() - seen):
                seen.add(module)
                waiting.append([*way, module])
    return []


@pytest.mark.parametrize("suite", ["tests.unit", "tests.docs"])
def test_quick_tests_never_import_the_cdk(suite: str) -> None:
    modules = module_files()
    ways = [way_to("aws_cdk", name, modules) for name in modules if name.startswith(suite)]
    assert not any(ways), "\n".join(" -> ".join(way) for way in ways if way)


def test_an_import_of_the_cdk_through_another_module_is_seen() -> None:
    texts = {"tests.unit.test_x": "from stacks import platform", "stacks.platform": "import aws_cdk.aws_s3"}
    modules = {name: Source(name, text) for name, text in texts.items()}
    assert way_to("aws_cdk", "tests.unit.test_x", modules) == [*texts, "aws_cdk.aws_s3"]


def lines_of_tests(name: str) -> int:
    """Lines of the tests that import a room, fakes and helpers too; of one that imports several, each room's share."""
    tests = [source for source in PYTHON if room(source) == "tests"]
    rooms = {test: {way.split(".")[0] for way in test.imports} & set(ROOMS) - {"tests"} for test in tests}
    return sum(test.lines // len(rooms[test]) for test in tests if name in rooms[test])


@pytest.mark.parametrize("name", MEASURED)
def test_tests_keep_up_with_the_source(name: str) -> None:
    """Rooms of plain functions have about a line of test for each of source.

    `stacks` has no such measure: it is judged by properties over whole templates, and one line of those speaks for many
    resources. There each claim must fail for a broken template (below), and `make test` covers the settings' branches.
    """
    source = sum(source.lines for source in PYTHON if room(source) == name)
    tests = lines_of_tests(name)
    ratio = tests / source
    assert ratio >= TEST_TO_SOURCE, f"{name}: {tests} lines of test for {source} of source, expected {TEST_TO_SOURCE}"


def unbroken(claims: list[Source], tests: list[Source]) -> set[str]:
    """Public functions among the claims that no entry of a table `MUTATIONS` breaks a template for."""
    promised = {node.name for source in claims for node in source.tree.body if isinstance(node, ast.FunctionDef)}
    tables = [
        node.value
        for source in tests
        for node in source.tree.body
        if isinstance(node, ast.AnnAssign | ast.Assign) and "MUTATIONS" in ast.unparse(node).partition("=")[0]
    ]
    broken = {node.attr for table in tables if table for node in ast.walk(table) if isinstance(node, ast.Attribute)}
    return {name for name in promised - broken if not name.startswith("_")}


def test_every_claim_about_the_stacks_is_broken_once() -> None:
    claims = [source for source in PYTHON if source.path in CLAIMS]
    tests = [source for source in PYTHON if source.path.startswith("tests/infrastructure/")]
    assert len(claims) == len(CLAIMS)
    assert not unbroken(claims, tests)


def test_a_claim_without_a_mutation_is_seen() -> None:
    claims = Source(CLAIMS[0], "def holds(): ...\ndef fails(): ...\ndef _helper(): ...\n")
    table = Source("tests/infrastructure/t.py", "MUTATIONS: list = [(a.holds, None)]\nOTHERS = [a.fails]\n")
    assert unbroken([claims], [table]) == {"fails"}
