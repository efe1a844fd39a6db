"""Opening archives that nobody has vouched for: only what the manifest promises comes out."""

import gzip
import json
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import artifact
from lambdas.release.artifact import ArtifactError, open_artifact
from model_code.training import artifact as training
from tests.fakes.artifacts import archive, canonical, files, manifest, pack, sha_of


def opened(folder: Path, packed: bytes) -> artifact.Artifact:
    (folder / "a.tar.gz").write_bytes(packed)
    (folder / "out").mkdir()
    return open_artifact(folder / "a.tar.gz", folder / "out")


def refusal(folder: Path, packed: bytes) -> str:
    with pytest.raises(ArtifactError) as caught:
        opened(folder, packed)
    return str(caught.value)


def honest(**changes: bytes) -> dict[str, bytes]:
    content = files(**changes)
    return content | {"manifest.json": manifest(content)}


def test_an_honest_archive_gives_its_files_and_its_name(tmp_path: Path) -> None:
    found = opened(tmp_path, archive())
    assert found.manifest_sha256 == sha_of()
    assert found.json("metrics.json")["average_precision"] == 0.8
    assert found.content("model.ubj") == b"\x7bL"


def test_an_archive_of_the_folder_itself_is_honest_too(tmp_path: Path) -> None:
    root = tarfile.TarInfo(".")
    root.type = tarfile.DIRTYPE
    assert opened(tmp_path, pack({f"./{n}": c for n, c in honest().items()}, root)).manifest["model"] == "card-anomaly"


@pytest.mark.parametrize(
    "name",
    ["../escape", "/etc/cron.d/x", "model/model.ubj", "model.pkl", "code.py", "..", "./../manifest.json", "MODEL.UBJ"],
)
def test_a_member_of_another_name_is_refused_and_not_written(tmp_path: Path, name: str) -> None:
    assert "is not one of the regular files" in refusal(tmp_path, pack({name: b"x"} | honest()))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.tar.gz", "out"]
    assert not any((tmp_path / "out").iterdir())


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_a_link_or_device_under_an_expected_name_is_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("model.ubj")
    member.type, member.linkname = kind, "/etc/passwd"
    content = honest()
    del content["model.ubj"]
    assert "'model.ubj' is not one of the regular files" in refusal(tmp_path, pack(content, member))


def test_a_file_that_comes_twice_is_refused(tmp_path: Path) -> None:
    assert "once each" in refusal(tmp_path, pack(honest(), tarfile.TarInfo("model.ubj")))


def test_a_swapped_file_is_refused_with_both_hashes(tmp_path: Path) -> None:
    said = refusal(tmp_path, pack(honest() | {"model.ubj": b"\x7bM"}))
    assert said.startswith("model.ubj is {")
    assert "manifest.json promises" in said


def test_an_extra_file_that_the_manifest_vouches_for_is_refused(tmp_path: Path) -> None:
    content = files() | {"model.pkl": b"cos\nsystem\n"}
    assert "'model.pkl'" in refusal(tmp_path, pack(content | {"manifest.json": manifest(content)}))


def test_a_manifest_that_lists_other_files_is_refused(tmp_path: Path) -> None:
    content = files()
    short = {name: body for name, body in content.items() if name != "golden.json"}
    assert "expected every file but itself" in refusal(tmp_path, pack(content | {"manifest.json": manifest(short)}))


@pytest.mark.parametrize("missing", sorted(artifact.FILES - artifact.OPTIONAL))
def test_a_missing_file_is_named(tmp_path: Path, missing: str) -> None:
    content = honest()
    del content[missing]
    assert refusal(tmp_path, pack(content)) == f"The archive lacks {missing}."


def test_training_writes_what_the_release_path_takes() -> None:
    assert (training.FILES, training.OPTIONAL) == (artifact.FILES, artifact.OPTIONAL)


def test_a_forest_may_come_along_and_is_verified_like_the_rest(tmp_path: Path) -> None:
    content = files() | {"forest.bin": b"trees"}
    packed = pack(content | {"manifest.json": manifest(content)})
    assert opened(tmp_path, packed).content("forest.bin") == b"trees"
    (tmp_path / "again").mkdir()
    forged = pack(content | {"forest.bin": b"other", "manifest.json": manifest(content)})
    assert refusal(tmp_path / "again", forged).startswith("forest.bin is {")


def test_a_file_that_the_manifest_does_not_list_is_refused(tmp_path: Path) -> None:
    assert "expected every file but itself" in refusal(tmp_path, pack(honest() | {"forest.bin": b"trees"}))


@pytest.mark.parametrize("model", [b"", b"\x80\x04pickle", b"cos\nsystem", b"[$"])
def test_a_model_that_is_no_ubjson_object_is_refused(tmp_path: Path, model: bytes) -> None:
    assert "no pickle is ever taken" in refusal(tmp_path, archive(model_ubj=model))


def test_an_archive_that_unpacks_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "MAXIMUM_TOTAL_BYTES", 1_000_000)
    assert "unpacks to more than 1000000 bytes" in refusal(tmp_path, archive(model_ubj=bytes(2_000_000)))


def test_a_long_header_can_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "MAXIMUM_TOTAL_BYTES", 1_000_000)
    member = tarfile.TarInfo("model.ubj")
    member.pax_headers = {"comment": "x" * 2_000_000}
    assert "unpacks to more than 1000000 bytes" in refusal(tmp_path, pack({}, member))


def test_a_huge_json_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "MAXIMUM_JSON_BYTES", 1000)
    assert "metrics.json has 2000 bytes" in refusal(tmp_path, archive(metrics_json=bytes(2000)))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{",
        b'{"a": 1}',
        b'{"a":1,"a":2}',
        b'{"b":1,"a":2}',
        b"{}",
        canonical({"files": []}),
        b"[" * 100_000,
    ],
)
def test_a_manifest_that_is_no_manifest_is_refused(tmp_path: Path, raw: bytes) -> None:
    assert "manifest.json" in refusal(tmp_path, pack(files() | {"manifest.json": raw}))


def test_a_manifest_with_a_field_of_another_kind_is_refused(tmp_path: Path) -> None:
    content = files()
    said = refusal(tmp_path, pack(content | {"manifest.json": manifest(content, hyperparameters="none")}))
    assert said == "manifest.json's hyperparameters is 'none', expected dict."


@pytest.mark.parametrize("packed", [b"", b"no gzip", gzip.compress(b"no tar" * 200), pack({})[:20]])
def test_what_is_no_archive_is_refused(tmp_path: Path, packed: bytes) -> None:
    assert refusal(tmp_path, packed)


@given(st.data())
def test_a_truncated_or_flipped_archive_is_refused_or_unchanged(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    packed = bytearray(archive())
    at = data.draw(st.integers(0, len(packed) - 1))
    broken = packed[:at] if data.draw(st.booleans()) else packed[:at] + bytes([packed[at] ^ 0x40]) + packed[at + 1 :]
    try:
        found = opened(tmp_path_factory.mktemp("a"), bytes(broken))
    except ArtifactError:
        return
    assert found.manifest_sha256 == sha_of()
    assert json.loads(found.content("manifest.json")) == found.manifest


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"[]", "metrics.json holds no object"),
        (b'{"rows": 1%b}' % (b"0" * 400), "a whole number has 401 digits"),
        (b"[" * 100_000, "metrics.json is no JSON"),
    ],
)
def test_metrics_that_nobody_can_compare_are_refused(tmp_path: Path, content: bytes, said: str) -> None:
    changed = files(metrics_json=content)
    assert said in refusal(tmp_path, pack(changed | {"manifest.json": manifest(changed)}))
