"""Each attack of the table is refused with a reason, and the champion stays."""

import pytest

from tests.fakes.artifacts import pack
from tests.fakes.release import MODEL
from tests.faults.attack import OTHER, Attack, deliver, honest, under_attack
from tests.faults.attacks import ATTACKS, attempt, tried, untouched


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_with_its_reason_and_the_champion_stays(attack: Attack) -> None:
    world = under_attack()
    answer = attack.mount(world)
    assert attack.says in answer
    assert untouched(world)
    assert world.audit.whats[:5] == ["registered", "asked", "requested", "executed", "released"]
    versions = world.registry.versions(MODEL)
    assert len(versions) == 1 + attack.registers
    if attack.registers:
        assert versions[0].state in {"refused", "rolled_back", "registered"}
    else:
        assert world.audit.whats[5:] == ["refused_before_registration"]
        assert not world.registry.versions(OTHER)


def test_an_honest_model_passes_where_attacks_do_not() -> None:
    world = under_attack()
    assert deliver(world, pack(honest(world))).startswith(f"{MODEL} v2: average_precision 0.9")
    assert world.states == ["released", "requested"]


def test_the_table_is_told_apart_by_names() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)


def test_the_report_of_make_faults_lists_every_attack_as_refused() -> None:
    report = tried()
    assert [row["attack"] for row in report] == [attack.name for attack in ATTACKS]
    assert all(row["refused"] and row["reason"] for row in report)


PROVENANCE = "lambdas.release.provenance"


@pytest.mark.parametrize(
    ("guard", "name"),
    [
        (f"{PROVENANCE}.versions_problem", "overwritten after the job"),
        (f"{PROVENANCE}.versions_problem", "planted before the job"),
        (f"{PROVENANCE}.versions_problem", "written after a job that left nothing"),
        (f"{PROVENANCE}.job_problem", "own command in our image"),
        (f"{PROVENANCE}.job_problem", "code by environment"),
        (f"{PROVENANCE}.manifest_problem", "another's manifest, replayed"),
        (f"{PROVENANCE}.manifest_problem", "data changed afterwards"),
        (f"{PROVENANCE}.holdout_problem", "measured on easier rows"),
        (f"{PROVENANCE}.data_problem", "own data"),
        ("lambdas.release.gate.problem", "compared with a weaker model"),
        ("lambdas.release.signing.problem", "forged signature"),
        ("lambdas.release.signing.problem", "signature removed after approval"),
        ("lambdas.release.vouching.problem", "card removed after approval"),
        ("lambdas.release.vouching.problem", "planted model card"),
    ],
)
def test_without_its_guard_an_attack_gets_through(monkeypatch: pytest.MonkeyPatch, guard: str, name: str) -> None:
    attack = next(each for each in ATTACKS if each.name == name)
    monkeypatch.setattr(guard, lambda *_args, **_named: None)
    try:
        assert not attempt(attack)["refused"]
    except StopIteration:  # the platform never went back
        assert name.endswith("after approval")
