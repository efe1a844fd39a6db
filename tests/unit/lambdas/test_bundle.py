"""When bundles are built, refused and left alone; pip is a fake that installs one file."""

import re
import sys
from pathlib import Path

import pytest

from lambdas import bundle
from stacks.bundle import bundle_folder
from stacks.settings import ENVIRONMENTS, load

STACKS = Path(__file__).parents[3] / "stacks"


class FakePip:
    """Installs one package; remembers for which platforms."""

    def __init__(self) -> None:
        self.platforms: list[tuple[str, ...]] = []
        self.fails = False

    def install(self, target: Path, platform: tuple[str, ...]) -> None:
        self.platforms.append(platform)
        (target / "package").mkdir(parents=True)
        if self.fails:
            raise bundle.BundleError("no wheel")


@pytest.fixture
def pip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePip:
    """A project of one function, in which the fake pip installs."""
    fake = FakePip()
    (tmp_path / "lambdas").mkdir()
    for name in ("bundle.py", "handler.py", "requirements.txt"):
        (tmp_path / "lambdas" / name).write_text("")
    monkeypatch.setattr(bundle, "install", fake.install)
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    monkeypatch.setattr(bundle, "REQUIREMENTS", tmp_path / "lambdas" / "requirements.txt")
    monkeypatch.setattr(bundle, "BUNDLES", tmp_path / "build")
    monkeypatch.setattr(bundle, "__file__", str(tmp_path / "lambdas" / "bundle.py"))
    monkeypatch.setattr(sys, "argv", ["bundle"])
    return fake


def test_a_bundle_holds_packages_and_our_code(pip: FakePip, tmp_path: Path) -> None:
    assert bundle.bundle(tmp_path / "build" / "local")
    built = {path.relative_to(tmp_path / "build").as_posix() for path in (tmp_path / "build").rglob("*")}
    assert built == {"local.stamp", "local", "local/package", "local/lambdas", "local/lambdas/handler.py"}
    assert pip.platforms == [()]


@pytest.mark.parametrize("changed", ["handler.py", "new.py", "requirements.txt", "bundle.py"])
def test_a_bundle_is_built_again_only_when_its_sources_change(pip: FakePip, tmp_path: Path, changed: str) -> None:
    target = tmp_path / "build" / "local"
    assert [bundle.bundle(target), bundle.bundle(target)] == [True, False]
    (tmp_path / "lambdas" / changed).write_text("# changed")
    assert not bundle.is_current(target)
    assert bundle.bundle(target)
    assert len(pip.platforms) == 2


def test_a_bundle_of_this_machine_is_not_taken_for_one_of_aws(pip: FakePip, tmp_path: Path) -> None:
    bundle.bundle(tmp_path / "build" / "local")
    (tmp_path / "build" / "local").rename(tmp_path / "build" / "aws")
    (tmp_path / "build" / "local.stamp").rename(tmp_path / "build" / "aws.stamp")
    assert not bundle.is_current(tmp_path / "build" / "aws")
    assert len(pip.platforms) == 1


def test_a_build_that_fails_leaves_no_bundle(pip: FakePip, tmp_path: Path) -> None:
    target = tmp_path / "build" / "local"
    bundle.bundle(target)
    (tmp_path / "lambdas" / "handler.py").write_text("# changed")
    pip.fails = True
    with pytest.raises(SystemExit, match="atoll: no wheel"):
        bundle.main()
    assert not target.exists()
    assert not bundle.is_current(target)


def test_a_bundle_that_is_too_large_for_a_function_is_refused(
    pip: FakePip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lambdas" / "handler.py").write_text("x = 1\n" * 2)
    monkeypatch.setattr(bundle, "MAXIMUM_BYTES", 11)
    with pytest.raises(bundle.BundleError, match=r"has 12 bytes, at most 11 fit"):
        bundle.bundle(tmp_path / "build" / "local")
    assert pip.platforms


def test_the_command_builds_all_and_says_so(pip: FakePip, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.main()
    assert capsys.readouterr().out == "Lambda bundle local: 0 MB, built\nLambda bundle aws: 0 MB, built\n"
    assert pip.platforms == list(bundle.PLATFORMS.values())


def test_the_command_builds_one_by_name(
    pip: FakePip, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bundle", "aws"])
    bundle.main()
    bundle.main()
    assert capsys.readouterr().out == "Lambda bundle aws: 0 MB, built\nLambda bundle aws: 0 MB, up to date\n"
    assert pip.platforms == [bundle.PLATFORMS["aws"]]


def test_the_command_refuses_an_unknown_bundle(
    pip: FakePip, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bundle", "azure"])
    with pytest.raises(SystemExit):
        bundle.main()
    assert "unknown bundle ['azure']; expected local, aws" in capsys.readouterr().err
    assert not pip.platforms


@pytest.mark.parametrize("environment", sorted(path.stem for path in ENVIRONMENTS.glob("*.toml")))
def test_only_the_local_environment_takes_wheels_of_this_machine(
    pip: FakePip, tmp_path: Path, environment: str
) -> None:
    bundle.main()
    folder = bundle_folder(load(environment), tmp_path / "build")
    assert Path(folder).name == ("local" if environment == "local" else "aws")
    assert len(pip.platforms) == 2


def test_a_missing_or_old_bundle_ends_the_synth_with_the_way_out(pip: FakePip, tmp_path: Path) -> None:
    bundle.bundle(tmp_path / "build" / "local")
    with pytest.raises(SystemExit, match=r"build/lambdas/aws is missing .*run `make lambdas`"):
        bundle_folder(load("govcloud-west"), tmp_path / "build")
    (tmp_path / "lambdas" / "handler.py").write_text("# changed")
    with pytest.raises(SystemExit, match="build/lambdas/local is missing or older than lambdas/"):
        bundle_folder(load("local"), tmp_path / "build")
    assert pip.platforms == [()]


def test_wheels_are_for_the_python_of_the_functions() -> None:
    runtimes = re.findall(r"Runtime\.PYTHON_(\d+)_(\d+)", (STACKS / "components" / "functions.py").read_text())
    assert {".".join(runtime) for runtime in runtimes} == {bundle.PYTHON}


def test_the_lock_asks_nothing_of_the_machine_that_builds() -> None:
    """pip answers markers for the machine that it runs on, whatever `--platform` says: such a line would mislead it."""
    text = (STACKS.parent / "lambdas" / "requirements.txt").read_text()
    asked = {
        name for marker in re.findall(r"; (.+?) \\$", text, re.MULTILINE) for name in re.findall(r"\w+_\w+", marker)
    }
    assert asked <= {"platform_python_implementation", "implementation_name"}
