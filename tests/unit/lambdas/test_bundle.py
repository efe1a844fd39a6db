"""When bundles are built, refused and left alone; the installer is a fake that installs one file."""

import re
import sys
from pathlib import Path

import pytest

from lambdas import bundle
from stacks.bundle import bundle_folder
from stacks.settings import ENVIRONMENTS, load

STACKS = Path(__file__).parents[3] / "stacks"


class FakeInstaller:
    """Installs one package; remembers for which platforms and by which list."""

    def __init__(self) -> None:
        self.platforms: list[tuple[str, ...]] = []
        self.asked: list[str] = []
        self.compiled: list[Path] = []
        self.fails = False

    def install(self, target: Path, platform: tuple[str, ...], asked: Path) -> None:
        self.platforms.append(platform)
        self.asked.append(asked.name)
        (target / "package").mkdir(parents=True)
        if self.fails:
            raise bundle.BundleError("no wheel")


@pytest.fixture
def installer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeInstaller:
    """A project of one function, in which the fake installs."""
    fake = FakeInstaller()
    (tmp_path / "lambdas").mkdir()
    for name in ("bundle.py", "handler.py", "requirements.txt", "requirements-monitoring.txt"):
        (tmp_path / "lambdas" / name).write_text("")
    monkeypatch.setattr(bundle, "install", fake.install)
    monkeypatch.setattr(bundle, "ROOT", tmp_path)
    monkeypatch.setattr(bundle, "CODE", tmp_path / "lambdas")
    monkeypatch.setattr(bundle, "compile_ahead", fake.compiled.append)
    monkeypatch.setattr(bundle, "BUNDLES", tmp_path / "build")
    monkeypatch.setattr(bundle, "__file__", str(tmp_path / "lambdas" / "bundle.py"))
    monkeypatch.setattr(sys, "argv", ["bundle"])
    return fake


def test_a_bundle_holds_packages_and_our_code(installer: FakeInstaller, tmp_path: Path) -> None:
    local = tmp_path / "build" / "local"
    assert bundle.bundle(local / "release")
    built = {path.relative_to(local).as_posix() for path in local.rglob("*")}
    assert built == {"release.stamp", "release", "release/package", "release/lambdas", "release/lambdas/handler.py"}
    assert installer.platforms == [()]


def test_each_room_gets_what_it_asks_for(installer: FakeInstaller, tmp_path: Path) -> None:
    for room in bundle.ROOMS:
        bundle.bundle(tmp_path / "build" / "local" / room)
    assert installer.asked == ["requirements.txt", "requirements-monitoring.txt"]


@pytest.mark.parametrize("changed", ["handler.py", "new.py", "requirements.txt", "bundle.py"])
def test_a_bundle_is_built_again_only_when_its_sources_change(
    installer: FakeInstaller, tmp_path: Path, changed: str
) -> None:
    target = tmp_path / "build" / "local" / "release"
    assert [bundle.bundle(target), bundle.bundle(target)] == [True, False]
    (tmp_path / "lambdas" / "requirements-monitoring.txt").write_text("# of another room")
    assert bundle.is_current(target)
    (tmp_path / "lambdas" / changed).write_text("# changed")
    assert not bundle.is_current(target)
    assert bundle.bundle(target)
    assert len(installer.platforms) == 2


@pytest.mark.parametrize("other", ["aws/release", "local/monitoring"])
def test_a_bundle_is_not_taken_for_one_of_another_machine_or_room(
    installer: FakeInstaller, tmp_path: Path, other: str
) -> None:
    build, target = tmp_path / "build", tmp_path / "build" / other
    bundle.bundle(build / "local" / "release")
    target.parent.mkdir(exist_ok=True)
    (build / "local" / "release").rename(target)
    (build / "local" / "release.stamp").rename(target.with_suffix(".stamp"))
    assert not bundle.is_current(target)
    assert len(installer.platforms) == 1


def test_byte_code_is_made_only_for_the_python_that_will_run_it(
    installer: FakeInstaller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "PYTHON", "2.7")
    for machine in bundle.PLATFORMS:
        bundle.bundle(tmp_path / "build" / machine / "release")
    assert [path.parent.name for path in installer.compiled] == ["local"]
    monkeypatch.setattr(bundle, "PYTHON", f"{sys.version_info[0]}.{sys.version_info[1]}")
    (tmp_path / "lambdas" / "handler.py").write_text("# changed")
    bundle.bundle(tmp_path / "build" / "aws" / "release")
    assert [path.parent.name for path in installer.compiled] == ["local", "aws"]


def test_a_build_that_fails_leaves_no_bundle(installer: FakeInstaller, tmp_path: Path) -> None:
    target = tmp_path / "build" / "local" / "release"
    bundle.bundle(target)
    (tmp_path / "lambdas" / "handler.py").write_text("# changed")
    installer.fails = True
    with pytest.raises(SystemExit, match="atoll: no wheel"):
        bundle.main()
    assert not target.exists()
    assert not bundle.is_current(target)


def test_a_bundle_that_is_too_large_for_a_function_is_refused(
    installer: FakeInstaller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "lambdas" / "handler.py").write_text("x = 1\n" * 2)
    monkeypatch.setattr(bundle, "MAXIMUM_BYTES", 11)
    with pytest.raises(bundle.BundleError, match=r"has 12 bytes, at most 11 fit"):
        bundle.bundle(tmp_path / "build" / "local" / "release")
    assert installer.platforms


def test_the_command_builds_all_and_says_so(installer: FakeInstaller, capsys: pytest.CaptureFixture[str]) -> None:
    bundle.main()
    names = ["local/release", "local/monitoring", "aws/release", "aws/monitoring"]
    assert capsys.readouterr().out == "".join(f"Lambda bundle {name}: 0 MB, built\n" for name in names)
    assert installer.platforms == [platform for platform in bundle.PLATFORMS.values() for _ in bundle.ROOMS]


def test_the_command_builds_one_machines_by_name(
    installer: FakeInstaller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bundle", "aws"])
    bundle.main()
    bundle.main()
    assert capsys.readouterr().out.count("0 MB, up to date\n") == 2
    assert installer.platforms == [bundle.PLATFORMS["aws"]] * 2


def test_the_command_refuses_an_unknown_machine(
    installer: FakeInstaller, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bundle", "azure"])
    with pytest.raises(SystemExit):
        bundle.main()
    assert "unknown machine ['azure']; expected local, aws" in capsys.readouterr().err
    assert not installer.platforms


def test_what_is_never_imported_is_removed_file_by_file(tmp_path: Path) -> None:
    for name in ("gitpython", "protobuf"):
        package = tmp_path / "google" / name
        package.mkdir(parents=True)
        (package / "module.py").write_text("")
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "RECORD").write_text(f"google/{name}/module.py,sha256=x,0\n{name}-1.0.dist-info/RECORD,,\n")
    bundle.remove(tmp_path, "gitpython")
    bundle.remove(tmp_path, "absent")
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {"google/protobuf/module.py", "protobuf-1.0.dist-info/RECORD"}


@pytest.mark.parametrize("environment", sorted(path.stem for path in ENVIRONMENTS.glob("*.toml")))
def test_only_the_local_environment_takes_wheels_of_this_machine(
    installer: FakeInstaller, tmp_path: Path, environment: str
) -> None:
    bundle.main()
    for room in bundle.ROOMS:
        folder = Path(bundle_folder(load(environment), room, tmp_path / "build"))
        assert (folder.parent.name, folder.name) == ("local" if environment == "local" else "aws", room)
    assert len(installer.platforms) == 4


def test_a_missing_or_old_bundle_ends_the_synth_with_the_way_out(installer: FakeInstaller, tmp_path: Path) -> None:
    bundle.bundle(tmp_path / "build" / "local" / "release")
    with pytest.raises(SystemExit, match=r"build/lambdas/aws/release is missing .*run `make lambdas`"):
        bundle_folder(load("govcloud-west"), "release", tmp_path / "build")
    (tmp_path / "lambdas" / "handler.py").write_text("# changed")
    with pytest.raises(SystemExit, match="build/lambdas/local/release is missing or older than lambdas/"):
        bundle_folder(load("local"), "release", tmp_path / "build")
    assert installer.platforms == [()]


def test_wheels_are_for_the_python_of_the_functions() -> None:
    runtimes = re.findall(r"Runtime\.PYTHON_(\d+)_(\d+)", (STACKS / "components" / "functions.py").read_text())
    assert {".".join(runtime) for runtime in runtimes} == {bundle.PYTHON}


def test_the_lock_asks_nothing_of_the_machine_that_builds() -> None:
    """So a bundle for Lambda's machine can't lack what this machine wouldn't need."""
    text = "".join(bundle.requirements(room).read_text() for room in bundle.ROOMS)
    asked = {
        name for marker in re.findall(r"; (.+?) \\$", text, re.MULTILINE) for name in re.findall(r"\w+_\w+", marker)
    }
    assert asked <= {"platform_python_implementation", "implementation_name"}
