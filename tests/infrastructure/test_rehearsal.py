"""The rehearsal: govcloud-west's switches in the partition of the local AWS, held to every rule."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from compliance.limits.judge import judge_templates
from compliance.pack import RULES
from compliance.permissions import every_role_is_bounded
from compliance.report import judge
from compliance.synth import ROOT, synthesize
from compliance.templates import Template, read_templates

REHEARSAL = ROOT / "local" / "rehearsal.toml"
PLACE = {"deployment.name", "deployment.region", "network.s3_prefix_list", "network.availability_zones"}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsal")
    synthesize(str(REHEARSAL), folder)
    return folder


@pytest.fixture(scope="module")
def rehearsed(rehearsal: Path) -> dict[str, Template]:
    return read_templates(rehearsal)


def switches(file: Path) -> dict[str, Any]:
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    return {f"{name}.{key}": value for name, table in tables.items() for key, value in table.items()}


def test_the_rehearsal_has_every_switch_of_govcloud_west_but_for_its_place() -> None:
    ours, theirs = switches(REHEARSAL), switches(ROOT / "environments" / "govcloud-west.toml")
    assert {key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)} == PLACE


def test_every_rule_holds_for_the_rehearsal(rehearsal: Path, rehearsed: dict[str, Template]) -> None:
    assert judge(rehearsal).objections == ()
    assert [each for claim in (*RULES, every_role_is_bounded) for each in claim(rehearsed)] == []
    assert [row.objection for row in judge_templates(rehearsed, "us-east-1") if row.objection] == []
