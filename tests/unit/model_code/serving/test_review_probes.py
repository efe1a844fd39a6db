"""Probes of the model server and the training's champion channel (tests/faults/probes), on the real parts."""

import asyncio
import dataclasses
import gzip
import io
import subprocess
import sys
import tarfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from model_code.algorithms import gradient_boosting
from model_code.errors import InputError
from model_code.serving.answers import Service
from model_code.serving.app import Application
from model_code.serving.forest import Forest
from model_code.serving.model import ServedModel, load_model
from model_code.training.artifact import write_artifact
from tests.faults.probes.outcome import refused
from tests.unit.model_code.serving import test_objectives
from tests.unit.model_code.serving.boosters import booster
from tests.unit.model_code.serving.exchange import call, connect
from tests.unit.model_code.training.features_folder import write_features

HEAD = b"POST /invocations HTTP/1.1\r\ncontent-type: text/csv\r\ntransfer-encoding: chunked\r\n\r\n"
ROW = b"2.0,0.1,0.2,\n"
COMPARES = """
import sys
from pathlib import Path
from model_code.errors import InputError
from model_code.algorithms.hyperparameters import Hyperparameters
from model_code.training.training import train
folder = Path(sys.argv[1])
try:
    chosen = Hyperparameters(n_estimators=5)
    train(folder / "features", folder / "model", chosen, threads=1, champion=folder / "champion")
except InputError as refusal:
    sys.exit(f"refused: {refusal}")
print("the champion was scored")
"""


@pytest.fixture
def app(model: ServedModel) -> Application:
    return Application(Service(model), max_body_bytes=6_000_000)


def crafted(content: bytes) -> bytes:
    """Write another output group, an index for writing, into a model's first tree."""
    group = content.index(b"tree_info[#L") + len(b"tree_info[#L") + 8
    assert content[group : group + 2] == b"i\x00"
    return content[: group + 1] + b"\x64" + content[group + 2 :]


@pytest.mark.long
def test_rt_09_a_crafted_model_never_reaches_xgboost(artifact: Path, tmp_path: Path) -> None:
    left = {"manifest.json", "forest.bin"}
    files = {path.name: path.read_bytes() for path in artifact.iterdir() if path.name not in left}
    facts = {"version": 1, "algorithm": "xgboost", "xgboost_version": gradient_boosting.XGBOOST_VERSION}
    write_artifact(tmp_path / "evil", files | {"model.ubj": crafted(files["model.ubj"])}, facts)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path in sorted((tmp_path / "evil").iterdir()):
            tar.add(path, path.name)
    (tmp_path / "champion").mkdir()
    (tmp_path / "champion/model.tar.gz").write_bytes(gzip.compress(out.getvalue()))
    write_features(tmp_path / "features")
    command = [sys.executable, "-c", COMPARES, str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    told = f"exit code {ended.returncode}: {ended.stdout[-200:]}{ended.stderr[-300:]}"
    refused(ended.returncode == 1 and "refused: " in ended.stderr and "tree_info" in ended.stderr, told)


def test_rt_13_a_forest_that_isnt_what_the_model_gives_never_serves(tmp_path: Path, library: object) -> None:
    assert library
    test_objectives.packed(tmp_path / "one", "reg:squarederror")
    files = {path.name: path.read_bytes() for path in (tmp_path / "one").iterdir() if path.name != "manifest.json"}
    forest = Forest.from_bytes(files["forest.bin"])
    nodes = forest.nodes.copy()
    nodes["leaf"][np.flatnonzero(np.isnan(nodes["split"]))[-1]] += np.float32(1e-7)
    files["forest.bin"] = dataclasses.replace(forest, nodes=nodes).to_bytes()
    facts = {"version": 1, "algorithm": "xgboost", "xgboost_version": gradient_boosting.XGBOOST_VERSION}
    write_artifact(tmp_path / "two", files, facts)
    try:
        load_model(tmp_path / "two", version=None, expected_manifest_sha256=None, max_model_bytes=1_000_000)
    except InputError:
        return
    refused(held=False, evidence="the server loads a forest.bin whose leaf isn't model.ubj's")


def test_rt_16_reasons_have_a_price(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_objectives, "booster", lambda *chosen: booster(*chosen, trees=60, max_depth=8))
    app = Application(Service(test_objectives.packed(tmp_path / "model", "reg:squarederror")), max_body_bytes=6_000_000)
    headers = {"x_amzn_sagemaker_custom_attributes": "reasons=3", "accept": "application/json"}
    answer = call(app, "POST", "/invocations", b"1,2,3\n" * 20_000, content_type="text/csv", **headers)
    refused(answer.status == 400, f"20,000 rows with reasons: {answer.status}, {len(answer.body):,} bytes")


def test_rt_17_trailers_count_as_a_head_does(app: Application) -> None:
    async def send() -> int:
        connection, wire = connect(app)
        connection.data_received(HEAD + b"%x\r\n%b\r\n0\r\n" % (len(ROW), ROW))
        sent = 0
        while sent < 2_000_000 and not wire.is_closed:
            trailer = b"x%d: %b\r\n" % (sent, b"y" * 1000)
            connection.data_received(trailer)
            sent += len(trailer)
            await asyncio.sleep(0)
        connection.connection_lost(None)
        return sent

    sent = asyncio.run(asyncio.wait_for(send(), 60))
    refused(sent < 1_000_000, f"{sent:,} bytes of trailers were taken and kept")


def test_rt_21_a_body_in_tiny_chunks_costs_no_more_than_its_size(app: Application) -> None:
    body = ROW * 5000
    chunks = HEAD + b"".join(b"2\r\n%b\r\n" % body[start : start + 2] for start in range(0, len(body), 2))

    async def send() -> int:
        connection, _ = connect(app)
        tracemalloc.start()
        for start in range(0, len(chunks), 65536):
            connection.data_received(chunks[start : start + 65536])
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        connection.connection_lost(None)
        return used

    used = asyncio.run(send())
    refused(used < 2 * len(body), f"{len(body):,} bytes in chunks of two take {used:,} bytes of memory")


def test_rt_22_a_length_of_thousands_of_digits_is_refused(app: Application) -> None:
    answer = call(app, "POST", "/invocations", ROW, content_type="text/csv", content_length="0" * 5000 + "13")
    refused(answer.status == 400, f"{answer.status} {answer.body!r}")
