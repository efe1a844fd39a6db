"""Each attack of the table is refused with a reason, and the champion stays."""

import pytest

from tests.fakes.release import MODEL
from tests.faults import attacks
from tests.faults.attacks import ATTACKS, Attack, untouched


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
def test_an_attack_is_refused_with_its_reason_and_the_champion_stays(attack: Attack) -> None:
    world = attacks.under_attack()
    answer = attack.mount(world)
    assert attack.says in answer
    assert untouched(world)
    assert world.audit.whats[:3] == ["requested", "executed", "released"]
    versions = world.registry.versions(MODEL)
    assert len(versions) == 1 + attack.registers
    if attack.registers:
        assert versions[0].state in {"refused", "rolled_back", "registered"}
    else:
        assert world.audit.whats[3:] == ["refused_before_registration"]
        assert not world.registry.versions(attacks.OTHER)


def test_an_honest_model_passes_where_attacks_do_not() -> None:
    world = attacks.under_attack()
    assert attacks.deliver(world, attacks.pack(attacks.honest(world))).startswith(f"{MODEL} v2: average_precision 0.9")
    assert world.states == ["released", "requested"]


def test_the_table_is_told_apart_by_names() -> None:
    names = [attack.name for attack in ATTACKS]
    assert len(set(names)) == len(names)
