"""What the local SageMaker does with folders, archives, logs and images."""

import io
import json
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import strategies as st

from local.sagemaker import layout, storage
from local.sagemaker.children import Children
from local.sagemaker.errors import InvalidRequestError, JobFailedError, JobStoppedError
from local.sagemaker.images import Image, entrypoint_argv, pull
from local.sagemaker.metrics import MetricScan

DIGEST = "sha256:" + "a" * 64
IMAGES = {"atoll/model": Image(argv=("run",), digest=lambda: DIGEST, entrypoint=("python", "-m", "x"))}
records = st.lists(st.binary(min_size=1, max_size=12).map(lambda text: text.replace(b"\n", b"n").replace(b"\r", b"r")))


def test_the_same_folder_gives_the_same_archive(tmp_path: Path) -> None:
    for name, order in (("one", ("a", "b/c")), ("two", ("b/c", "a"))):
        for path in order:
            target = tmp_path / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(path)
    os.utime(tmp_path / "one" / "a", (1, 1))
    body = storage.archive(tmp_path / "one")
    assert body == storage.archive(tmp_path / "two")
    storage.unpack(body, tmp_path / "out")
    assert sorted(name for name, _ in storage.files_below(tmp_path / "out")) == ["a", "b/c"]


def archive_of(name: str) -> bytes:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = 1
        tar.addfile(entry, io.BytesIO(b"x"))
    return raw.getvalue()


def test_an_archive_never_leaves_its_folder(tmp_path: Path) -> None:
    with pytest.raises(JobFailedError, match="can't be unpacked"):
        storage.unpack(archive_of("../outside"), tmp_path / "model")
    storage.unpack(archive_of(f"{tmp_path}/absolute"), tmp_path / "model")
    assert {path.name for path in tmp_path.iterdir()} == {"model"}


def test_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as tar:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(entry)
    with pytest.raises(JobFailedError, match="'link' is neither a file nor a folder"):
        storage.unpack(raw.getvalue(), tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []


def test_what_is_no_archive_fails_the_start(tmp_path: Path) -> None:
    with pytest.raises(JobFailedError, match="can't be unpacked"):
        storage.unpack(b"no archive", tmp_path / "model")


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("f/run/", {"f/run/a": "a", "f/run/d/b": "d/b"}),
        ("f/run", {"f/run/a": "a", "f/run/d/b": "d/b"}),
        ("f/run/a", {"f/run/a": "a"}),
        ("f/ru", {"f/run/a": "run/a", "f/run/d/b": "run/d/b", "f/run2/c": "run2/c"}),
        ("", {"f/run/a": "f/run/a", "f/run/d/b": "f/run/d/b", "f/run2/c": "f/run2/c"}),
    ],
)
def test_keys_keep_their_path_below_the_prefix(prefix: str, expected: dict[str, str]) -> None:
    assert storage.relative_keys(prefix, ["f/run/", "f/run/a", "f/run/d/b", "f/run2/c"]) == expected


def test_an_address_that_is_not_s3_is_refused() -> None:
    assert storage.split_uri("s3://bucket/a/b") == ("bucket", "a/b")
    for uri in ("https://bucket/a", "s3://", "bucket/a"):
        with pytest.raises(InvalidRequestError, match="no S3 address"):
            storage.split_uri(uri)


def test_the_last_number_that_a_metric_prints_counts() -> None:
    scan = MetricScan([{"Name": "ap", "Regex": "ap=(.*);"}, {"Name": "auc", "Regex": r"auc=(\d+)"}])
    scan.read(["ap=0.5;", "ap=none;"])
    scan.read(["noise", "ap=1e-3;"])
    assert scan.values == {"ap": 0.001}


def test_an_image_is_pulled_only_by_the_digest_of_todays_code() -> None:
    reference = f"000000000000.dkr.ecr.us-east-1.amazonaws.com/atoll/model@{DIGEST}"
    assert pull(IMAGES, reference).image.argv == ("run",)
    for bad in (reference.replace("a" * 64, "b" * 64), reference.partition("@")[0], reference.replace("model", "x")):
        with pytest.raises(JobFailedError, match="CannotPullContainerError"):
            pull(IMAGES, bad)


def test_only_the_images_own_entry_point_can_run() -> None:
    image = IMAGES["atoll/model"]
    assert entrypoint_argv(image, None) == entrypoint_argv(image, ["python", "-m", "x"]) == ["run"]
    with pytest.raises(JobFailedError, match="isn't the image's own"):
        entrypoint_argv(image, ["bash"])


def test_a_training_container_finds_sagemakers_files(tmp_path: Path) -> None:
    channel = {"ChannelName": "features", "ContentType": "text/csv"}
    spec = {
        "TrainingJobName": "job-1",
        "HyperParameters": {"seed": "7"},
        "InputDataConfig": [channel],
        "ResourceConfig": {"InstanceType": "ml.m5.x"},
    }
    layout.write_training_config(tmp_path, spec)
    config = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "input" / "config").iterdir()}
    assert config["hyperparameters"] == {"seed": "7"}
    assert config["inputdataconfig"]["features"]["TrainingInputMode"] == "File"
    assert config["resourceconfig"]["hosts"] == [config["resourceconfig"]["current_host"]]
    assert (tmp_path / "model").is_dir()


def run(tmp_path: Path, script: str, seconds: float) -> tuple[int, list[str], str]:
    import sys  # noqa: PLC0415 - the interpreter to run
    import threading  # noqa: PLC0415 - an event that nobody sets

    folder, seen = tmp_path / "ml", []
    folder.mkdir()
    child = Children().start([sys.executable, "-c", script], environment={"A": "b"}, folder=folder, sinks=[seen.extend])
    code = child.wait(seconds=seconds, stop=threading.Event())
    return code, seen, child.tail()


def test_a_container_gets_no_credentials_and_all_its_lines_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    script = "import os; print([n for n in os.environ if 'AWS' in n], os.environ['A']); print('last', end=''); exit(3)"
    code, seen, tail = run(tmp_path, script, 20)
    assert (code, seen, tail) == (3, ["[] b", "last"], "[] b\nlast")


def test_a_container_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    with pytest.raises(JobStoppedError, match="MaxRuntimeExceeded"):
        run(tmp_path, "import time; time.sleep(60)", 0.3)


def test_several_instances_have_names_of_their_own_that_resolve_to_loopback(tmp_path: Path) -> None:
    machines = {"InstanceType": "ml.m5.large", "InstanceCount": 3}
    spec = {"TrainingJobName": "job-1", "ResourceConfig": machines}
    hosts = layout.training_hosts(spec)
    assert len(set(hosts)) == 3
    assert all(host.startswith("127.") for host in hosts)
    assert not set(hosts) & set(layout.training_hosts(spec | {"TrainingJobName": "job-2"}))
    layout.write_training_config(tmp_path, spec, hosts[1])
    config = json.loads((tmp_path / "input/config/resourceconfig.json").read_text())
    assert (config["current_host"], config["hosts"]) == (hosts[1], hosts)


def test_a_processing_jobs_instances_know_each_other(tmp_path: Path) -> None:
    spec = {
        "ProcessingJobName": "etl-1",
        "ProcessingResources": {"ClusterConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 2}},
    }
    hosts = layout.processing_hosts(spec)
    for host in hosts:
        layout.write_processing_config(tmp_path / host, spec, host)
        config = json.loads((tmp_path / host / "config/resourceconfig.json").read_text())
        assert (config["current_host"], config["hosts"]) == (host, hosts)
    assert len(set(hosts)) == 2
