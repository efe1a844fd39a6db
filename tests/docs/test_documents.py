"""Documents that can't rot: links lead somewhere, decisions have their form, variables and alarms are described."""

import ast
import re
from pathlib import Path

import pytest

from compliance.claims import RULES

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
RUNBOOKS = ROOT / "docs" / "runbooks"
RUNBOOK_HEADINGS = ["Symptom", "Look here first", "Likely causes", "Mend", "Escalate"]
CODE = [path for room in ("stacks", "lambdas", "model_code", "mlflow_server", "compliance", "local")
        for path in sorted((ROOT / room).rglob("*.py"))]  # fmt: skip


def strings(path: Path) -> list[str]:
    nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]


def derived_variables() -> set[str]:
    """The functions' settings read the variable `ATOLL_X` into the field `x`."""
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "lambdas").glob("*/settings.py")]
    classes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    fields = [field.target for node in classes for field in node.body if isinstance(field, ast.AnnAssign)]
    return {f"ATOLL_{ast.unparse(field).upper()}" for field in fields}


def prose(path: Path) -> str:
    """The document without its code blocks."""
    return re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def headings(path: Path, level: int = 2) -> list[str]:
    return re.findall(rf"^{'#' * level} (.+)$", prose(path), re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The anchors that a Markdown renderer gives to headings: lower case, words joined by hyphens."""
    titles = re.findall(r"^#+ (.+)$", prose(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def links(path: Path) -> list[str]:
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", prose(path)) if "://" not in link]


def leads_nowhere(document: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (document.parent / name).resolve() if name else document
    return not target.exists() or (bool(anchor) and anchor not in anchors(target))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    broken = [link for link in links(document) if leads_nowhere(document, link)]
    assert not broken, f"{document.relative_to(ROOT)} links to nothing at: {', '.join(broken)}"


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A page\n## One thing: two\n[gone](gone.md) [here](#one-thing-two) [not here](#three)\n")
    assert [link for link in links(page) if leads_nowhere(page, link)] == ["gone.md", "#three"]


def test_every_document_can_be_reached_from_the_readme() -> None:
    waiting, reached = [ROOT / "README.md"], set()
    while waiting:
        page = waiting.pop()
        reached.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
        waiting += [target for target in targets - reached if target.suffix == ".md"]
    assert not set(DOCUMENTS) - reached


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda path: path.stem)
def test_a_decision_has_its_form_and_fits_on_one_page(decision: Path) -> None:
    assert headings(decision) == ["Context", "Decision", "Consequences", "Alternatives"]
    assert decision.read_text().startswith(f"# {int(decision.stem[:4])}. ")
    assert len(decision.read_text().split()) <= 450


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    assert [int(path.stem[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))
    assert set(links(ROOT / "docs" / "decisions" / "README.md")) == {path.name for path in DECISIONS}


def test_the_readme_begins_with_the_two_commands() -> None:
    commands = re.findall(r"^make \w+", (ROOT / "README.md").read_text(), re.MULTILINE)
    first_heading = (ROOT / "README.md").read_text().index("\n## ")
    assert commands[:2] == ["make story", "make test"]
    assert (ROOT / "README.md").read_text().index("make test") < first_heading


def test_the_readme_stays_short_and_honest() -> None:
    text = (ROOT / "README.md").read_text()
    assert 5 <= len(headings(ROOT / "README.md")) <= 8
    assert text.count("```mermaid") == 1
    assert "Nothing was deployed to real AWS" in text
    assert "no claim of finding fraud" in text
    assert "docs/local.md#what-the-local-aws-does-not-prove" in links(ROOT / "README.md")


def test_every_make_command_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    planned = {"images"}  # docs/deploy.md says that it is missing
    named = {
        (page.name, name)
        for page in DOCUMENTS
        for name in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)
    }
    assert not {(page, name) for page, name in named if name not in targets | planned}


def test_every_test_and_module_that_the_documents_name_exists() -> None:
    path = re.compile(r"`((?:tests|stacks|lambdas|model_code|mlflow_server|compliance|local|environments)/[\w./-]+)`")
    missing = {
        (page.name, name) for page in DOCUMENTS for name in path.findall(page.read_text()) if not (ROOT / name).exists()
    }
    assert not missing


def test_every_claim_that_is_named_as_proof_is_checked() -> None:
    checked = {claim.__name__ for claim in RULES}
    named = set(re.findall(r"`((?!test_)[a-z]+(?:_[a-z]+){2,})`", (ROOT / "docs" / "local.md").read_text()))
    assert named
    assert not named - checked


def test_every_environment_variable_of_ours_is_described() -> None:
    described = set(re.findall(r"ATOLL_[A-Z0-9_]+", "".join(page.read_text() for page in DOCUMENTS)))
    used = {text: path for path in CODE for text in strings(path) if re.fullmatch(r"ATOLL_[A-Z0-9_]+", text)}
    used |= dict.fromkeys(derived_variables(), ROOT / "lambdas")
    undescribed = {name: str(path.relative_to(ROOT)) for name, path in used.items() if name not in described}
    assert not undescribed, f"describe them in docs/contracts.md: {undescribed}"


def alarms(text: str) -> list[str]:
    """The words that end an alarm's name: what is written out first, or as `name`, in calls that make an alarm."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    makers = [call for call in calls if re.search(r"(^|[._])((Cfn|Composite)?Alarm|alarm)$", ast.unparse(call.func))]
    found = []
    for call in makers:
        given = [keyword.value for keyword in call.keywords if keyword.arg in {"name", "alarm_name"}] or call.args
        parts = [part for value in given for part in ast.walk(value) if isinstance(part, ast.Constant)]
        found += [str(part.value).strip("-") for part in parts if isinstance(part.value, str)][:1]
    return [name for name in found if name]


def test_every_alarm_leads_to_a_runbook() -> None:
    rows = re.findall(
        r"^\| alarms? (.+?) \| \[.+?\]\(runbooks/.+?\.md\) \|$",
        (ROOT / "docs" / "operate.md").read_text(),
        re.MULTILINE,
    )
    makers = {path: alarms(path.read_text()) for path in CODE if path.is_relative_to(ROOT / "stacks")}
    names = {name: path.name for path, found in makers.items() for name in found}
    silent = [path.name for path, found in makers.items() if re.search(r"\bAlarm\(", path.read_text()) and not found]
    assert names, "no alarm was found in stacks/: mend this test"
    assert not silent, f"the names of alarms in {silent} can't be read: write them out"
    unled = {
        name: path for name, path in names.items() if not any(f"{name}`" in row or f"{name}..." in row for row in rows)
    }
    assert not unled, f"give them a row in docs/operate.md and a runbook: {unled}"


def test_an_alarm_is_seen_under_its_name() -> None:
    text = (
        "self._alarm('5xx', metric)\ncloudwatch.Alarm(self, 'Full', metric=m)\nself._alarm('D', m, name=f'{end}-drift')"
    )
    assert alarms(text) == ["5xx", "Full", "drift"]


@pytest.mark.parametrize(
    "runbook", sorted(set(RUNBOOKS.glob("*.md")) - {RUNBOOKS / "README.md"}), ids=lambda path: path.stem
)
def test_a_runbook_has_its_form_and_commands(runbook: Path) -> None:
    assert headings(runbook) == RUNBOOK_HEADINGS
    assert "aws " in runbook.read_text().split("## Look here first")[1].split("## Likely causes")[0]
