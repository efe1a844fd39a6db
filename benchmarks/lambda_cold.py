"""Cold starts and package sizes of the functions: `python -m benchmarks.lambda_cold`, into build/bench/lambda.json.

Each import runs in a fresh process, from the function's own bundle, in turns with the peer: `import boto3` and one
client, which no function that calls AWS can do without. Processor time is compared, for another load on the machine
would move the clock. `handler` is what Lambda's init phase runs; `with client` adds the peer's own client; `with
mlflow`, for the release functions, adds the import of MLflow's client, which they make at their first use of it.
"""

import io
import json
import os
import statistics
import subprocess
import sys
import zipfile
from typing import Any

from lambdas import bundle

OUT = bundle.ROOT / "build" / "bench" / "lambda.json"
ROUNDS = 9
LIMIT = 1.3  # of the peer's time, for functions that don't talk to MLflow
CLIENT = "import boto3; boto3.client('s3')"
TIMED = "import time; start = time.process_time()\n{code}\nprint(time.process_time() - start)"


def main() -> None:
    """Measure, write the report, print a table, and end with status 1 when a limit is broken."""
    report = measure(ROUNDS)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    print(table(report))  # noqa: T201 - a command's answer
    if broken := beyond(report):
        sys.exit(f"atoll: {', '.join(broken)} cost more than {LIMIT} times the peer; see {OUT}")


def handlers() -> dict[str, str]:
    """Return each handler's module and its room."""
    rooms = {room: bundle.CODE / room / "handlers" for room in bundle.ROOMS}
    found = [(room, path.stem) for room, folder in rooms.items() for path in sorted(folder.glob("[a-z]*.py"))]
    return {f"lambdas.{room}.handlers.{name}": room for room, name in found}


def measure(rounds: int) -> dict[str, Any]:
    """Return the median processor seconds of each import, taken in turns, and the size of each bundle."""
    cases = {("peer", "peer"): (CLIENT, "release")}
    for name, room in handlers().items():
        cases[name, "handler"] = (f"import {name}", room)
        cases[name, "with client"] = (f"import {name}; {CLIENT}", room)
        if room == "release":
            cases[name, "with mlflow"] = (f"import {name}; {CLIENT}; from mlflow import MlflowClient", room)
    taken: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
    for _ in range(rounds):
        for case, (code, room) in cases.items():
            taken[case].append(seconds(code, room))
    return report(taken, {room: sizes(room) for room in bundle.ROOMS}, rounds)


def report(taken: dict[tuple[str, str], list[float]], packages: dict[str, Any], rounds: int) -> dict[str, Any]:
    """Return the report of what was measured."""
    medians = {case: statistics.median(times) for case, times in taken.items()}
    peer = medians.pop(("peer", "peer"))
    functions: dict[str, Any] = {}
    for (name, what), time in medians.items():
        functions.setdefault(name, {"room": name.split(".")[1]})[what] = {"seconds": time, "ratio": time / peer}
    return {
        "peer": {"code": CLIENT, "seconds": peer},
        "functions": functions,
        "packages": packages,
        "limit": LIMIT,
        "rounds": rounds,
        "python": sys.version.split()[0],
    }


def seconds(code: str, room: str) -> float:
    """Return the processor time that code takes in a fresh process with a room's bundle; boto3 is this machine's."""
    folder = bundle.BUNDLES / "local" / room
    as_in_lambda = {"AWS_DEFAULT_REGION": "us-east-1", "LAMBDA_TASK_ROOT": str(folder)}  # without it, nothing is traced
    environment = {"PATH": os.defpath, "PYTHONPATH": str(folder), **as_in_lambda}
    command = [sys.executable, "-B", "-c", TIMED.format(code=code)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=folder)
    return float(done.stdout)


def sizes(room: str) -> dict[str, int]:
    """Return the bytes of a room's bundle on disk and zipped, as Lambda takes it."""
    folder, packed = bundle.BUNDLES / "local" / room, io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            archive.write(path, path.relative_to(folder))
    return {"bytes": bundle.bundle_bytes(folder), "zipped": len(packed.getvalue())}


def beyond(found: dict[str, Any]) -> list[str]:
    """Return the functions without MLflow whose cold start breaks the limit, alone or with the peer's client."""
    lean = {name: timed for name, timed in found["functions"].items() if timed["room"] != "release"}
    return [
        name
        for name, timed in lean.items()
        if any(timed[what]["ratio"] > found["limit"] for what in ("handler", "with client"))
    ]


def table(found: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = [f"peer: {found['peer']['code']}: {found['peer']['seconds'] * 1000:.0f} ms of processor time"]
    for name, timed in found["functions"].items():
        parts = [f"{w} {timed[w]['seconds'] * 1000:.0f} ms ({timed[w]['ratio']:.2f}x)" for w in timed if w != "room"]
        lines.append(f"{name.removeprefix('lambdas.')}: {', '.join(parts)}")
    for room, size in found["packages"].items():
        lines.append(f"bundle {room}: {size['bytes'] / 1e6:.0f} MB, zipped {size['zipped'] / 1e6:.1f} MB")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
