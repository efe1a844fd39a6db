"""docs/findings.md is whole, and every test that it names is there."""

import re

import pytest

from compliance import creation, database, perimeter, permissions, predicates, record, serving
from compliance.synth import ROOT

PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
TABLES = {
    "Foundation, Registry, Tracking": [str(number) for number in range(1, 19)],
    "Training, release, endpoint, monitoring": [str(number) for number in range(1, 25)],
    "Public bug reports": [
        *(f"F{number}" for number in range(1, 17) if number != 14),
        "O1",
        "O2",
        "O3",
        "O4",
        "O5",
        "O6",
    ],
}
ON_AN_ACCOUNT = {
    ("no log group can be made under the logs key", 3): "kms:Encrypt",
    ("no log group can be made under the logs key", 4): "kms:GenerateDataKey",
    ('endpoint services nobody has seen; `"off"` is no way out', 1): "preflight",
    ('endpoint services nobody has seen; `"off"` is no way out', 22): "s3-fips",
    ("Backup's role, window, silence", 9): "backup",
    ("the firewall refuses artifacts", 10): "firewall",
    ("the snapshot before a migration", 20): "snapshot",
    ("the boundary reaches one of five bootstrap roles", 2): "boundary",
    ("doubts: `kms:CreateGrant` through SageMaker", 13): "CreateGrant",
    ("doubts: EventBridge to encrypted dead letters", 12): "dead letters",
    ("doubts: CloudWatch to the encrypted topic", 11): "topic",
    ("doubts: tuning jobs with the training role", 13): "tuning job",
    ("`kms:GrantIsForAWSResource` of SageMaker", 13): "CreateGrant",
    ("the firewall before single sign-on", 19): "sign in",
    ("`aws:SourceAccount` in key policies", 12): "`events`",
    ("`logs.<region>` in the logs key", 3): "kms:Encrypt",
}
"""Finding and row of docs/first-deployment.md to which it points -> what must stand in that row."""
OPEN = {"mending the audit lists everything"}
"""What stays open by name: listings that grow."""


def rows(title: str) -> list[str]:
    table = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")][1:]


def test_every_finding_has_a_line() -> None:
    for title, wanted in TABLES.items():
        told = {number for row in rows(title) for number in row.split(", ")}
        assert told >= set(wanted), sorted(set(wanted) - told)


@pytest.mark.parametrize("page", ["findings.md", "local.md"])
def test_every_test_that_a_page_names_exists(page: str) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    named = set(re.findall(r"`(test_[a-z0-9_]+)`", (ROOT / "docs" / page).read_text(encoding="utf-8")))
    assert named
    assert sorted(name for name in named if f"def {name}(" not in source) == []


def test_every_claim_that_a_finding_names_is_checked() -> None:
    rooms = (predicates, permissions, serving, perimeter, database, creation, record)
    known = {claim.__name__ for room in rooms for claim in room.CLAIMS}
    assert sorted(set(re.findall(r"claim `([a-z_]+)`", PAGE)) - known) == []


@pytest.mark.parametrize("title", TABLES)
def test_no_finding_of_the_templates_and_the_public_reports_is_open_but_by_name(title: str) -> None:
    table = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")][1:]
    unshown = [line for line in lines if line.split("|")[4].strip() in {"", "none"} or "open:" in line.split("|")[3]]
    assert {line.split("|")[2].strip() for line in unshown} <= OPEN


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("deploy.md", "--apply-permissions-boundary-to-all-roles"),
        ("deploy.md", "SAGEMAKER_VALIDATE_ROLE=false"),
        ("operate.md", '"Switch role" passes no session tags'),
        ("operate.md", "export ... is in use"),
        ("serving.md", "A body has at most 6 MB"),
        ("runbooks/instance-type.md", "the scalable target must be deregistered"),
    ],
)
def test_what_a_finding_asks_of_a_document_stands_in_it(page: str, says: str) -> None:
    assert says in (ROOT / "docs" / page).read_text(encoding="utf-8")


def test_every_account_row_that_a_finding_names_is_about_it() -> None:
    checks = (ROOT / "docs" / "first-deployment.md").read_text(encoding="utf-8")
    lines = {int(number): line for number, line in re.findall(r"^\| (\d+) (\|.+)$", checks, re.MULTILINE)}
    assert list(lines) == list(range(1, len(lines) + 1))
    named = {
        (line.split("|")[2].strip(), int(number))
        for line in PAGE.splitlines()
        for numbers in re.findall(r"account (\d+(?:, \d+)*)", line)
        for number in numbers.split(", ")
    }
    assert named == set(ON_AN_ACCOUNT)
    assert [(finding, number) for (finding, number), word in ON_AN_ACCOUNT.items() if word not in lines[number]] == []
