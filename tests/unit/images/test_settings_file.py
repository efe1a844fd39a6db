from pathlib import Path

import pytest

from images.commands import ImageError
from images.settings_file import with_digests, write_digests
from stacks.settings import load
from stacks.settings_errors import SettingsError

ENVIRONMENTS = Path(__file__).resolve().parents[3] / "environments"
DIGESTS = {name: "sha256:" + digit * 64 for name, digit in (("model", "a"), ("serving", "b"), ("mlflow", "c"))}


def test_digests_are_written_and_everything_else_stays() -> None:
    text = (ENVIRONMENTS / "govcloud-west.toml").read_text()
    before, after = text.splitlines(), with_digests(text, DIGESTS).splitlines()
    changed = {new for old, new in zip(before, after, strict=True) if old != new}
    assert changed == {f'{name} = "{digest}"' for name, digest in DIGESTS.items()}


def test_a_first_deployment_s_file_becomes_a_pinned_one() -> None:
    pending = '# ours\n[images] # which run\ndigests = "pending"\n\n[logs]\nprofile = "x" # model = "no"\n'
    written = with_digests(pending, {"model": "1", "serving": "2"})
    assert written == (
        '# ours\n[images] # which run\ndigests = "pinned"\nmodel = "1"\nserving = "2"\n\n'
        '[logs]\nprofile = "x" # model = "no"\n'
    )


def test_a_model_of_the_same_name_in_another_section_is_left_alone() -> None:
    text = '[images]\ndigests = "pinned"\nmodel = "old"\n[other]\nmodel = "old"\n'
    assert with_digests(text, {"model": "new"}).endswith('model = "new"\n[other]\nmodel = "old"\n')


def test_a_file_without_images_is_refused() -> None:
    with pytest.raises(ImageError, match=r"no section \[images\]"):
        with_digests("[logs]\n", DIGESTS)


def test_the_written_file_can_be_loaded(tmp_path: Path) -> None:
    file = tmp_path / "agency.toml"
    file.write_text((ENVIRONMENTS / "govcloud-west.toml").read_text())
    write_digests(file, DIGESTS)
    zeros = "sha256:" + "0" * 64
    assert load(str(file)).images.model_dump() == {"digests": "pinned", **DIGESTS, "former": (zeros,)}


def test_the_image_that_is_replaced_still_counts_and_one_that_was_taken_out_does_not(tmp_path: Path) -> None:
    """RT-27: a model trained before the deployment is still taken; of what has known holes nothing is."""
    file = tmp_path / "agency.toml"
    file.write_text((ENVIRONMENTS / "govcloud-west.toml").read_text())
    write_digests(file, DIGESTS)
    kept = load(str(file)).images.former
    write_digests(file, DIGESTS)
    assert load(str(file)).images.former == kept
    write_digests(file, DIGESTS | {"model": "sha256:" + "d" * 64})
    assert load(str(file)).images.former == (DIGESTS["model"], *kept)
    file.write_text(file.read_text().replace(f', "{kept[0]}"', ""))
    write_digests(file, DIGESTS | {"model": "sha256:" + "e" * 64})
    assert load(str(file)).images.former == ("sha256:" + "d" * 64, DIGESTS["model"])


def test_a_file_that_could_not_be_deployed_stays_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "agency.toml"
    text = (ENVIRONMENTS / "govcloud-west.toml").read_text()
    file.write_text(text)
    with pytest.raises(SettingsError):
        write_digests(file, {**DIGESTS, "serving": "latest"})
    assert file.read_text() == text
