"""What a newcomer's wait comes to, in whose surroundings, and what the README says of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import setup
from compliance.measured_tables import setup_times

ROOT = Path(__file__).parents[3]


def found(**seconds: float) -> dict[str, Any]:
    taken = dict.fromkeys(setup.STORY, 10.0) | {name.replace("_", " "): value for name, value in seconds.items()}
    phases = [
        {"phase": name, "seconds": value, "processor_seconds": 1.0, "fetched_mb": 2.0, "packages": 3}
        for name, value in taken.items()
    ]
    return setup.report(0.4, phases)


def test_a_first_story_is_counted_from_the_clone_and_the_bundles_of_both_machines_belong_to_the_set_up() -> None:
    assert found(story=100.0)["seconds"] == {"set_up_and_bundles": 30.0, "first_story": 130.0, "second_story": 10.0}


def test_each_limit_that_is_broken_is_named() -> None:
    assert setup.beyond(found()) == []
    assert setup.beyond(found(story=400.0)) == ["first_story took 430 s, at most 270 s"]
    assert len(setup.beyond(found(story=400.0, second_story=151.0, clone=1.0))) == 2


def test_a_newcomer_has_no_cache_and_no_environment_but_the_way_to_the_indexes() -> None:
    environ = {"PATH": f"{ROOT}/.venv/bin:{ROOT}/node_modules/.bin:/usr/bin", "HOME": "/h", "UV_CACHE_DIR": "/c"}
    environ |= {"NPM_CONFIG_CACHE": "/n", "JSII_RUNTIME_PACKAGE_CACHE": "disabled"}
    environ |= {"PIP_INDEX_URL": "https://mirror.example", "XDG_CACHE_HOME": "/x", "HTTPS_PROXY": "http://proxy"}
    assert setup.surroundings(environ, Path("/new")) == {
        "PATH": "/usr/bin",
        "HOME": "/new",
        "JSII_RUNTIME_PACKAGE_CACHE_ROOT": "/new/jsii",
        "PIP_INDEX_URL": "https://mirror.example",
        "HTTPS_PROXY": "http://proxy",
    }


def test_bytes_are_counted_that_came_from_other_machines(tmp_path: Path) -> None:
    listing = tmp_path / "dev"
    listing.write_text("Inter-| Receive\n face |bytes\n    lo: 900 1\n  eth0: 50 1\n  eth1: 7 1\n")
    assert setup.received(listing) == 57
    assert setup.received(tmp_path / "gone") == 0


def test_a_phase_that_fails_ends_it_and_names_the_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "OUT", tmp_path / "setup.json")
    with pytest.raises(setup.BenchError, match=r"'set-up' ended with 1; see .*setup-set-up\.log"):
        setup.measure({"clone": ("true",), "set-up": ("false",)})
    taken = setup.measure({"clone": ("touch", "a")})
    assert taken[0].items() >= {"phase": "clone", "packages": 0}.items()


def test_the_readme_claims_no_time_that_nobody_measured(tmp_path: Path) -> None:
    assert {time for _, time in setup_times(tmp_path)[1]} == {"not measured yet"}


def test_the_readme_says_what_was_measured_and_on_how_busy_a_machine(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()

    def told(load: float) -> tuple[str, list[str]]:
        measured = found(story=190.0, second_story=131.0)
        measured["machine"] |= {"cores": 2, "load_before": load}
        (tmp_path / "docs" / "setup.json").write_text(json.dumps(measured))
        (_, head), rows = setup_times(tmp_path)
        return head, [value for _, value in rows]

    assert told(0.3) == ("on 2 cores (`make bench-setup`)", ["3.7 minutes", "2.2 minutes", "0.5 minutes", "4 MB"])
    assert told(7.0)[0] == "on 2 cores, beside other work (`make bench-setup`)"
