"""The page of rights: every policy case by role, and whether the local AWS asks for the right as well.

`python -m tests.infrastructure.rights` writes it; `test_rights_page.py` fails when it is stale.
"""

from collections.abc import Iterable
from pathlib import Path

from tests.infrastructure.administrator_cases import ADMINISTRATOR
from tests.infrastructure.job_cases import JOBS
from tests.infrastructure.people_cases import CASES
from tests.infrastructure.policies import Request

PAGE = Path(__file__).parents[2] / "docs" / "rights.md"
ALL_CASES = CASES | {"Administrator": ADMINISTRATOR} | JOBS
NOT_ASKED_LOCALLY = frozenset(
    {
        "s3:BypassGovernanceRetention",
        "xray:GetTraceSummaries",
        "xray:PutTraceSegments",
    }
)
"""Rights that the local AWS doesn't ask for, as `tests/contract/sagemaker/test_asked_rights.py` finds."""

_MARK = "<!-- cases -->"
_COLUMNS = ("action", "on", "as", "condition keys of the request", "allowed", "asked locally")


def page(former: str) -> str:
    """Write the tables anew, below the text that stands before the mark."""
    head = f"{_line(_COLUMNS)}{_line(['---' for _ in _COLUMNS])}"
    tables = [f"## {role}\n\n{head}{_rows(cases)}" for role, cases in ALL_CASES.items()]
    return f"{former.partition(_MARK)[0]}{_MARK}\n" + "\n".join(tables)


def _rows(cases: list[tuple[Request, bool]]) -> str:
    return "".join(_line(_cells(request, allowed=allowed)) for request, allowed in cases)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cells(request: Request, *, allowed: bool) -> list[str]:
    tags = {f"aws:RequestTag/{key}": value for key, value in request.tags.items()}
    keys = ", ".join(f"`{key}` = `{value}`" for key, value in (dict(request.keys) | tags).items())
    asked = "no" if request.action in NOT_ASKED_LOCALLY else "yes"
    who = request.uid or "no session tag"
    return [f"`{request.action}`", f"`{_short(request.resource)}`", who, keys, "yes" if allowed else "no", asked]


def _short(resource: str) -> str:
    """Leave out an ARN's partition, region and account, the same in all cases."""
    parts = resource.split(":", 5)
    return f"{parts[2]}:{parts[5]}" if len(parts) > 5 and parts[0] == "arn" else resource.replace(".Arn>", ">")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
