"""What the image's own commands do in a container: etl and train become a model, serve answers with it."""

import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path

from images.build import Built
from images.commands import ROOT, expect, run
from images.container import AS_ROOT, AS_UID_1000, UID, Server, mounts, run_job, serving
from images.engine import Engine

ROWS = 12_000
TREES = "40"
JSON = "application/json"
CSV = "text/csv"


@dataclasses.dataclass(frozen=True)
class Scene:
    """An engine, both targets of the model image, and a folder for what SageMaker would mount."""

    engine: Engine
    training: Built
    serving: Built
    folder: Path

    def root(self, name: str, *, owner: int) -> Path:
        """Return a new /opt/ml that belongs to `owner`."""
        folder = self.folder / name
        folder.mkdir(parents=True)
        os.chown(folder, owner, owner)
        return folder


def etl(scene: Scene) -> dict[str, object]:
    """Turn a generated ledger into features, as uid 1000."""
    ml = scene.root("etl/ml", owner=UID)
    ledger = ml / "processing" / "input" / "ledger" / "ledger.csv.gz"
    ledger.parent.mkdir(parents=True)
    run([sys.executable, "-m", "model_code.etl.generate", "--rows", str(ROWS), "--out", ledger], env={"PWD": str(ROOT)})
    _hand_over(ml)
    ended = run_job(scene.engine, scene.training.reference, ml, ["etl"], user=AS_UID_1000)
    expect(ended.code == 0, f"etl ended with {ended.code}:\n{ended.log[-2000:]}")
    rows = json.loads((ml / "processing/output/features/manifest.json").read_text())["objects"]["train.parquet"]["rows"]
    return {"ledger_rows": ROWS, "training_rows": rows, "seconds": ended.seconds}


def train(scene: Scene) -> dict[str, object]:
    """Train as uid 1000, and once more from root as SageMaker does: the same bytes both times."""
    seconds, models = {}, {}
    for start, user, owner in (("uid-1000", AS_UID_1000, UID), ("root", AS_ROOT, 0)):
        ml = _training_root(scene, f"train-{start}/ml", owner)
        ended = run_job(scene.engine, scene.training.reference, ml, ["train"], user=user)
        expect(ended.code == 0, f"train, started as {start}, ended with {ended.code}:\n{ended.log[-2000:]}")
        model = ml / "model" / "model.ubj"
        expect(model.stat().st_uid == UID, f"{model.name} belongs to uid {model.stat().st_uid}, expected {UID}")
        seconds[start], models[start] = ended.seconds, (ml / "model" / "manifest.json").read_bytes()
    expect(models["uid-1000"] == models["root"], "Two trainings on the same features gave different models.")
    return {"seconds": seconds, "model_bytes": model.stat().st_size, "trees": int(TREES)}


def failed_training(scene: Scene) -> dict[str, object]:
    """Change one byte of the features: the job ends with 1 and one sentence in the failure file."""
    ml = _training_root(scene, "failing/ml", UID)
    features = ml / "input/data/features/train.parquet"
    content = bytearray(features.read_bytes())
    content[len(content) // 2] ^= 1
    features.write_bytes(content)
    ended = run_job(scene.engine, scene.training.reference, ml, ["train"], user=AS_UID_1000)
    sentence = (ml / "output" / "failure").read_text()
    expect(ended.code == 1, f"A training on changed features ended with {ended.code}, expected 1:\n{ended.log[-2000:]}")
    expect("train.parquet" in sentence and "\n" not in sentence, f"The failure file says {sentence!r}.")
    return {"exit_code": ended.code, "failure": sentence}


def serve(scene: Scene) -> dict[str, object]:
    """Serve as uid 1000 and from root: the same answers, and no privilege left in either."""
    model = scene.folder / "train-uid-1000/ml"
    facts = {}
    for start, user in (("uid-1000", AS_UID_1000), ("root", AS_ROOT)):
        options = (*user, *mounts(model, writable=False))
        with serving(scene.engine, scene.serving.reference, options) as server:
            server.expect_no_privileges(UID)
            answered = _requests(server, scene)
            memory = server.process()["VmRSS"]
            code, drained = server.stop()
            expect(code == 0, f"After SIGTERM the server ended with {code}, expected 0:\n{server.log()[-2000:]}")
        facts[start] = {"start_seconds": server.start_seconds, "stop_seconds": drained, "rss": memory, **answered}
    return facts


def changed_model(scene: Scene) -> dict[str, object]:
    """Change one byte of the model: the server never starts."""
    ml = scene.folder / "changed/ml"
    shutil.copytree(scene.folder / "train-uid-1000/ml", ml)
    content = bytearray((ml / "model/model.ubj").read_bytes())
    content[-20] ^= 1
    (ml / "model/model.ubj").write_bytes(content)
    ended = run_job(scene.engine, scene.serving.reference, ml, ["serve"], user=AS_UID_1000)
    expect(ended.code == 1 and "sha256" in ended.log, f"A changed model gave {ended.code}:\n{ended.log[-2000:]}")
    return {"exit_code": ended.code}


def chosen_code(scene: Scene) -> dict[str, object]:
    """Start with variables that make Python run other code, as who sets a container's environment may: ours runs."""
    evil = scene.folder / "evil"
    evil.mkdir()
    (evil / "sitecustomize.py").write_text("print('evil')\n")
    variables = {
        "PYTHONPATH": "/evil",
        "PYTHONWARNINGS": "all:0:antigravity.x:0:0",
        "BROWSER": "/bin/sh -c 'echo evil' #%s",
    }
    options = [
        "--network",
        "none",
        "-v",
        f"{evil}:/evil:ro",
        *(f"--env={name}={text}" for name, text in variables.items()),
    ]
    said = {}
    starts = (("python", ["--entrypoint", "python3"], ["-c", "pass"]), ("ours", [], ["--help"]))
    for start, command, arguments in starts:
        argv = ("podman", "run", "--rm", *options, *command, scene.serving.reference, *arguments)
        said[start] = scene.engine.start(*argv)
    expect("evil" in said["python"].stdout, "Python itself ran no code of its environment; this step shows nothing.")
    told = said["ours"].stdout + said["ours"].stderr
    expect(said["ours"].returncode == 0 and "evil" not in told, f"The image's program said:\n{told[-2000:]}")
    return {"variables": sorted(variables)}


def limits(scene: Scene) -> dict[str, object]:
    """Take more memory than the container has: the kernel ends it."""
    greedy = ("--memory", "256m", "--memory-swap", "256m", "--entrypoint", "python3")
    script = "print(len(bytearray(b'1') * 2**30))"
    reference = scene.serving.reference
    done = scene.engine.start("podman", "run", "--rm", "--network", "none", *greedy, reference, "-c", script)
    expect(done.returncode == 137, f"1 GB in 256 MB ended with {done.returncode}, expected 137 (killed).")  # noqa: PLR2004
    return {"exit_code": done.returncode}


def _training_root(scene: Scene, name: str, owner: int) -> Path:
    ml = scene.root(name, owner=owner)
    shutil.copytree(scene.folder / "etl/ml/processing/output/features", ml / "input/data/features")
    (ml / "input/config").mkdir(parents=True)
    (ml / "input/config/hyperparameters.json").write_text(json.dumps({"n_estimators": TREES}))
    for folder in ("model", "output"):
        (ml / folder).mkdir()
    _hand_over(ml, owner)
    if owner == 0:
        ml.joinpath("input/data/features/manifest.json").chmod(0o600)  # root's alone, as SageMaker may mount it
    return ml


def _hand_over(folder: Path, owner: int = UID) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner, owner)


def _requests(server: Server, scene: Scene) -> dict[str, object]:
    lines = (scene.folder / "etl/ml/processing/output/live/live.csv").read_bytes().splitlines()[:50]
    body = b"\n".join(lines)
    status, text = server.ask("/invocations", body, {"Content-Type": CSV})
    expect(status == 200 and len(text.split()) == len(lines), f"{len(lines)} rows of CSV gave {status}: {text[:200]}")  # noqa: PLR2004
    scores = [float(score) for score in text.split()]
    wanted = {"Content-Type": CSV, "Accept": JSON, "X-Amzn-SageMaker-Custom-Attributes": "reasons=3"}
    status, text = server.ask("/invocations", lines[0], wanted)
    answer = json.loads(text)["predictions"][0]
    expect(len(answer["reasons"]) == 3, f"reasons=3 gave {answer['reasons']}")  # noqa: PLR2004
    expect(abs(answer["score"] - scores[0]) < 1e-6, f"CSV and JSON differ: {scores[0]} and {answer['score']}")  # noqa: PLR2004
    refusals = {"a word": (b"x", CSV, 400), "media type": (lines[0], "application/x-what", 415)}
    for what, (bad, media_type, expected) in refusals.items():
        status, text = server.ask("/invocations", bad, {"Content-Type": media_type})
        expect(status == expected and "error" in text, f"{what} gave {status}, expected {expected}: {text[:200]}")
    return {"rows_scored": len(scores), "refused": sorted(refusals)}
