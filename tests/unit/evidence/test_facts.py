"""An assembly is read whole, or refused in one sentence."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.__main__ import main
from evidence.facts import FactsError, read_facts

EMPTY = {"Resources": {}}


@pytest.fixture
def assembly(tmp_path: Path) -> Path:
    """A small assembly of ours."""
    names = ("Atoll-Foundation", "Atoll-Registry")
    artifacts = {name: {"type": "aws:cloudformation:stack"} for name in names}
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts | {"Tree": {"type": "cdk:tree"}}}))
    for name in names:
        (tmp_path / f"{name}.template.json").write_text(json.dumps(EMPTY))
    return tmp_path


def _remove(folder: Path) -> None:
    (folder / "Atoll-Registry.template.json").unlink()


def _add(folder: Path) -> None:
    (folder / "Strange.template.json").write_text(json.dumps(EMPTY))


def _of_another(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"App": {"type": "aws:cloudformation:stack"}}}))
    for each in folder.glob("*.template.json"):
        each.unlink()
    (folder / "App.template.json").write_text(json.dumps(EMPTY))


def _break(folder: Path) -> None:
    (folder / "Atoll-Registry.template.json").write_text("{")


def _hollow(folder: Path) -> None:
    (folder / "Atoll-Registry.template.json").write_text("{}")


def _newer(folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"stacks": []}))


def test_an_assembly_is_read_with_its_hash(assembly: Path) -> None:
    facts = read_facts(assembly)
    assert facts.environment == assembly.name
    assert facts.sha256 == read_facts(assembly).sha256
    assert list(facts.templates) == ["Atoll-Foundation", "Atoll-Registry"]


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (_remove, "names the template of Atoll-Registry"),
        (_add, "doesn't name: Strange"),
        (_of_another, "is another app's"),
        (_break, "is no JSON"),
        (_hollow, "has no resources"),
        (_newer, "is no assembly of the CDK"),
    ],
)
def test_what_is_no_assembly_of_ours_is_refused(assembly: Path, spoil: Callable[[Path], None], said: str) -> None:
    spoil(assembly)
    with pytest.raises(FactsError, match=said):
        read_facts(assembly)


def test_the_command_refuses_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "make synth" in said
    assert not (tmp_path / "out").exists()
