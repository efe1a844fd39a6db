"""How long a synth with all checks takes: `python -m benchmarks.synth`, into build/bench/synth.json.

One environment as it is, and with ten more models, in turns: each through the pinned CLI, from nothing, with the three
rule packs and CloudFormation's own validation. Settings allow one model today, and so the benchmark hands the platform
settings that were changed after they were checked; each model brings its endpoint stack, alarms and dashboard.
Processor time stands beside the clock's, which another load on the machine moves.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from compliance.synth import ROOT

OUT = ROOT / "build" / "bench" / "synth.json"
ENVIRONMENT = "govcloud-west"
ROUNDS = 3
MORE_MODELS = 10
LIMIT_SECONDS, LIMIT_MORE = 40.0, 8.0


def main() -> None:
    """Measure, write the report, print it, and end with status 1 when a limit is broken."""
    taken = {0: [], MORE_MODELS: []}
    for _ in range(ROUNDS):
        for more, runs in taken.items():
            runs.append(synth(more))
    found = report(taken)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    sys.stdout.write(table(found) + "\n")
    if broken := beyond(found):
        sys.exit(f"atoll: {'; '.join(broken)}; see {OUT}")


def synth(more: int) -> dict[str, float]:
    """Synthesize with so many more models; the seconds by the clock and of the processor, and the templates."""
    environ = os.environ | {"ATOLL_ENVIRONMENT": ENVIRONMENT, "CDK_DISABLE_CLI_TELEMETRY": "true"}
    with tempfile.TemporaryDirectory() as folder:
        program = f"{sys.executable} -m benchmarks.synth_app {more}"
        command = ["cdk", "synth", "--quiet", "--no-notices", "--app", program, "--output", folder]
        begin, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, timeout=600, check=True)
        seconds, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        stacks = len(list(Path(folder).glob("*.template.json")))
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "processor_seconds": processor, "stacks": stacks}


def report(taken: dict[int, list[dict[str, float]]]) -> dict[str, Any]:
    """Return the medians of each case, and what ten more models add."""
    cases = {
        more: {key: round(statistics.median(run[key] for run in runs), 2) for key in runs[0]}
        for more, runs in taken.items()
    }
    more = {key: round(cases[MORE_MODELS][key] - cases[0][key], 2) for key in cases[0]}
    return {
        "environment": ENVIRONMENT,
        "one_model": cases[0],
        "ten_more_models": cases[MORE_MODELS],
        "added": more,
        "limits": {"seconds": LIMIT_SECONDS, "added_seconds": LIMIT_MORE},
        "rounds": len(taken[0]),
        "processors": len(os.sched_getaffinity(0)),
        "load_at_the_end": round(os.getloadavg()[0], 2),
    }


def beyond(found: dict[str, Any]) -> list[str]:
    """Say which limits the medians break."""
    whole, added = found["one_model"]["seconds"], found["added"]["seconds"]
    broken = [f"a synth took {whole} s, at most {LIMIT_SECONDS}"] if whole > LIMIT_SECONDS else []
    return [*broken, f"ten more models took {added} s, at most {LIMIT_MORE}"] if added > LIMIT_MORE else broken


def table(found: dict[str, Any]) -> str:
    """Return the report for people."""
    lines = [f"{found['environment']}, median of {found['rounds']}, load {found['load_at_the_end']}"]
    for name in ("one_model", "ten_more_models", "added"):
        each = found[name]
        lines.append(
            f"{name.replace('_', ' '):<16}{each['seconds']:>7.1f} s by the clock{each['processor_seconds']:>7.1f} s of "
            f"the processor{each['stacks']:>4.0f} stacks"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m benchmarks.synth", description=__doc__).parse_args()
    main()
