import gzip
import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest

from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.errors import InputError
from model_code.serving import archive as archives
from model_code.training.training import Trained, train
from tests.unit.model_code.training.features_folder import COLUMNS, write_features, write_manifest

pytestmark = pytest.mark.long
CHOICES = Hyperparameters(n_estimators=20)
Files = dict[str, bytes]


def pack(files: Files, *members: tarfile.TarInfo) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for member in members:
            tar.addfile(member, io.BytesIO(bytes(member.size)))
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0)


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 0) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.size = kind, "/etc/passwd" if kind == tarfile.SYMTYPE else "", size
    return made


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_features(tmp_path_factory.mktemp("champion") / "features", rows=400)


@pytest.fixture(scope="module")
def former(features: Path) -> Trained:
    return train(features, features.parent / "former", CHOICES, threads=1)


@pytest.fixture(scope="module")
def files(features: Path, former: Trained) -> Files:
    assert former.manifest_sha256
    return {path.name: path.read_bytes() for path in (features.parent / "former").iterdir()}


def put(folder: Path, archive: bytes) -> Path:
    folder.mkdir()
    (folder / archives.ARCHIVE).write_bytes(archive)
    return folder


def challenged(features: Path, folder: Path, archive: bytes) -> dict:
    put(folder / "champion", archive)
    return train(features, folder / "model", CHOICES, threads=1, champion=folder / "champion").metrics


def test_the_champion_is_measured_on_the_candidates_own_rows(
    features: Path, former: Trained, files: Files, tmp_path: Path
) -> None:
    metrics = challenged(features, tmp_path, pack(files))
    assert metrics["champion"]["manifest_sha256"] == former.manifest_sha256
    assert metrics["champion"]["average_precision"] == former.metrics["average_precision"]
    assert metrics["champion"]["slices"] == metrics["slices"]
    written = json.loads((tmp_path / "model/metrics.json").read_bytes())
    assert written["champion"] == metrics["champion"]


def test_the_champion_reads_its_columns_by_name(features: Path, files: Files, tmp_path: Path) -> None:
    other = write_features(tmp_path / "features", rows=400)
    write_manifest(other, columns=COLUMNS[::-1])
    metrics = challenged(other, tmp_path, pack(files))
    (tmp_path / "again").mkdir()
    again = challenged(features, tmp_path / "again", pack(files))
    assert metrics["champion"]["average_precision"] == again["champion"]["average_precision"]


def test_a_champion_whose_features_are_no_more_is_called_incomparable(
    former: Trained, files: Files, tmp_path: Path
) -> None:
    other = write_features(tmp_path / "features", rows=400)
    write_manifest(other, columns=COLUMNS[:2])
    compared = challenged(other, tmp_path, pack(files))["champion"]
    assert compared["manifest_sha256"] == former.manifest_sha256
    assert compared["incomparable"].startswith("The champion needs merchant_age, refunds, which these features lack")
    assert set(compared) == {"manifest_sha256", "incomparable"}


def test_a_champion_of_another_xgboost_is_called_incomparable(features: Path, files: Files, tmp_path: Path) -> None:
    manifest = json.loads(files["manifest.json"]) | {"xgboost_version": "3.0.5"}
    compared = challenged(features, tmp_path, pack(files | {"manifest.json": json.dumps(manifest).encode()}))
    assert compared["champion"]["incomparable"].startswith("The champion was trained with XGBoost 3.0.5")


@pytest.mark.parametrize("there", [True, False])
def test_without_a_champion_nothing_is_compared(features: Path, tmp_path: Path, *, there: bool) -> None:
    folder = tmp_path / "champion"
    if there:
        folder.mkdir()
    assert "champion" not in train(features, tmp_path / "model", CHOICES, threads=1, champion=folder).metrics


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("../model.ubj", tarfile.REGTYPE),
        ("/tmp/model.ubj", tarfile.REGTYPE),  # noqa: S108 (a name in an archive)
        ("code/run.py", tarfile.REGTYPE),
        ("..", tarfile.REGTYPE),
        ("model.ubj", tarfile.SYMTYPE),
        ("model.ubj", tarfile.LNKTYPE),
        ("model.ubj", tarfile.FIFOTYPE),
        ("model.ubj", tarfile.REGTYPE),
    ],
)
def test_an_archive_with_anything_but_plain_files_once_each_is_refused(
    features: Path, files: Files, tmp_path: Path, name: str, kind: bytes
) -> None:
    with pytest.raises(InputError, match="expected plain files, once each"):
        challenged(features, tmp_path, pack(files, member(name, kind)))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["champion"]


def test_an_archive_that_unpacks_too_far_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives._Bounded, "left", 1_000_000)
    folder = put(tmp_path / "champion", pack({}, member("model.ubj", size=2_000_000)))
    with pytest.raises(InputError, match="unpacks to more than"):
        archives.unpack(folder / archives.ARCHIVE, tmp_path, whose="The champion channel")


def test_a_champion_that_was_changed_fails_the_training(features: Path, files: Files, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"metrics.json has sha256 .* it was changed"):
        challenged(features, tmp_path, pack(files | {"metrics.json": b"{}"}))


def test_a_channel_without_an_archive_is_refused(features: Path, tmp_path: Path) -> None:
    folder = put(tmp_path / "champion", b"")
    (folder / archives.ARCHIVE).rename(folder / "model.zip")
    with pytest.raises(InputError, match=r"holds no model\.tar\.gz"):
        train(features, tmp_path / "model", CHOICES, threads=1, champion=folder)


@pytest.mark.parametrize("content", [b"", b"no gzip", gzip.compress(b"no tar" * 200), pack({})[:30]])
def test_what_is_no_archive_is_refused(features: Path, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError):
        challenged(features, tmp_path, content)


def test_the_champion_scores_as_it_did_when_it_was_trained(
    features: Path, former: Trained, files: Files, tmp_path: Path
) -> None:
    compared = challenged(features, tmp_path, pack(files))["champion"]
    for name in ("brier", "roc_auc", "recall_at_1pct_fpr"):
        assert np.isclose(compared[name], former.metrics[name])
