"""Signature and papers: nothing is requested, restored or accepted without them."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import candidates, documents, signing, vouching
from lambdas.release.artifact import ArtifactError
from lambdas.release.records import Serving, Stack, Version
from tests.fakes.artifacts import canonical, sha_of
from tests.fakes.release import MODEL, FakeWorld, job
from tests.unit.lambdas.stories import execute, released, requested, settle

PAPERS = [signing.NAME, *documents.NAMES]
Tamper = Callable[[FakeWorld, Version], None]


def removed(name: str) -> Tamper:
    """Take a file away from beside the archive."""
    return lambda world, version: world.artifacts.papers.__delitem__((MODEL, version.tag("manifest_sha256"), name))


def changed(name: str, content: bytes = b"{}") -> Tamper:
    """Put another file in its place."""
    return lambda world, version: world.artifacts.papers.update(
        {(MODEL, version.tag("manifest_sha256"), name): content}
    )


TAMPERS = [
    *map(removed, PAPERS),
    *map(changed, PAPERS),
    changed(signing.NAME, b"no json"),
    changed(signing.NAME, b"[]"),
]
every_tamper = pytest.mark.parametrize("tamper", TAMPERS)


def test_a_released_version_is_vouched_for_and_says_by_what() -> None:
    world = FakeWorld()
    version = released(world)
    assert vouching.problem(world, version) is None
    kept = {name for model, sha, name in world.artifacts.papers if (model, sha) == (MODEL, sha_of())}
    assert kept == set(PAPERS)
    assert vouching.restorable(world, version) == version
    assert vouching.restorable(world, None) is None


@every_tamper
def test_what_is_missing_or_changed_is_never_accepted(tamper: Tamper) -> None:
    world = FakeWorld()
    version = requested(world)
    execute(world, version.tag("release_id"))
    world.deploy(version)
    tamper(world, version)
    assert "goes back: the smoke test could not be made" in settle(world)
    assert world.states == ["rolled_back"]
    assert not world.registry.champions


@every_tamper
def test_a_champion_that_nothing_vouches_for_is_not_restored_but_stopped(tamper: Tamper) -> None:
    world = FakeWorld()
    champion = released(world)
    version = requested(world, job("job-2", submitter="cid"), world.trained(0.9))
    execute(world, version.tag("release_id"))
    world.deploy(version)
    world.endpoints.scores = [0.0, 0.0]
    tamper(world, champion)
    settle(world)
    (name,) = world.change_sets.executed
    assert name.startswith("halt-from-v2-")
    assert world.change_sets.brought[name][0].manifest_sha256 == ""


@every_tamper
def test_an_operators_way_back_to_what_nothing_vouches_for_is_driven_out(tamper: Tamper) -> None:
    world = FakeWorld()
    champion = released(world)
    sha, release = champion.tag("manifest_sha256"), champion.tag("release_id")
    world.endpoints.stacks[MODEL] = Stack(status="UPDATE_COMPLETE", release_id=release, change_set="home-to-v1")
    world.endpoints.running[MODEL] = Serving(status="InService", manifest_sha256=sha, release_id=release)
    tamper(world, champion)
    settle(world)
    (name,) = world.change_sets.executed
    assert name.startswith("halt-to-template-")
    assert "intrusion" in world.audit.whats


@every_tamper
def test_a_candidate_is_recalled_only_whole(tamper: Tamper, tmp_path_factory: pytest.TempPathFactory) -> None:
    world = FakeWorld()
    version = requested(world)
    again = candidates.recall(world, version, tmp_path_factory.mktemp("whole") / "w")
    assert again.metrics["average_precision"] == 0.8
    assert candidates.problem(world, again, version) is None
    tamper(world, version)
    with pytest.raises(ArtifactError):
        candidates.recall(world, version, tmp_path_factory.mktemp("tampered") / "w")


def test_a_signature_by_another_key_does_not_count() -> None:
    world = FakeWorld()
    version = released(world)
    world.signer.secret = b"of another key"
    assert "is wrong" in (vouching.problem(world, version) or "")
    moved = FakeWorld(settings=world.settings.model_copy(update={"signing_key_arn": "new"}), artifacts=world.artifacts)
    assert "expected {" in (vouching.problem(moved, version) or "")


@given(st.text(max_size=20), st.text(max_size=80), st.text(max_size=20), st.text(max_size=80))
def test_a_digest_stands_for_one_model_and_one_manifest(model: str, sha: str, other: str, another: str) -> None:
    same = (model, sha) == (other, another) or f"{model}\n{sha}" == f"{other}\n{another}"
    assert (signing.digest(model, sha) == signing.digest(other, another)) == same


def test_model_names_hold_no_line_break_so_a_digest_has_one_reading() -> None:
    assert "\n" not in MODEL
    assert signing.digest("a", "b") != signing.digest("a\n", "b")


def test_papers_depend_on_the_archive_alone_and_leave_decisions_to_people() -> None:
    first, second = FakeWorld(), FakeWorld()
    requested(first)
    requested(second, job("job-9", submitter="cid"))
    for name in documents.NAMES:
        assert first.artifacts.kept(MODEL, sha_of(), name) == second.artifacts.kept(MODEL, sha_of(), name)
    kept = first.artifacts.kept(MODEL, sha_of(), documents.ASSESSMENT)
    assert kept
    assessment = json.loads(kept)
    assert assessment["made_by_the_platform"]["intended_purpose"] == "Sorts transactions."
    assert assessment["made_by_the_platform"]["lineage"]["manifest_sha256"] == sha_of()
    answers = assessment["decided_by_people_only"]
    assert {"high_impact_determination", "risk_acceptance", "remedies_and_appeals"} <= set(answers)
    assert all(entry["answer"] is None and entry["question"].endswith("?") for entry in answers.values())


def test_a_signature_is_canonical_json_of_the_contracts_fields() -> None:
    world = FakeWorld()
    requested(world)
    kept = world.artifacts.kept(MODEL, sha_of(), signing.NAME)
    assert kept
    found = json.loads(kept)
    assert sorted(found) == ["algorithm", "key_arn", "manifest_sha256", "model", "signature"]
    assert canonical(found) == kept
