"""`python -m compliance.synth [NAME ...]`: an assembly per environment below build/synth, judged by its own report."""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compliance.report import Verdict, judge

ROOT = Path(__file__).resolve().parent.parent
SYNTH = ROOT / "build" / "synth"
_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """One environment's assembly: how long it took, how many stacks it holds, and the verdict on it."""

    environment: str
    seconds: float
    stacks: int
    verdict: Verdict


class SynthError(Exception):
    """An environment could not be synthesized; the message holds what the CDK said."""


def synthesize(environment: str, folder: Path) -> None:
    """Synthesize one environment (name or path of its TOML) into the folder, through the pinned CDK CLI.

    Raises:
        SynthError: with the CLI's own words.
    """
    command = ["cdk", "synth", "--quiet", "--no-notices", "--output", str(folder)]
    environ = os.environ | {"ATOLL_ENVIRONMENT": environment, "CDK_DISABLE_CLI_TELEMETRY": "true"}
    run = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if run.returncode:
        raise SynthError(f"{environment}: {run.stderr.strip() or run.stdout.strip()}")


def environments() -> list[str]:
    """Name every environment that has a settings file, in order."""
    return sorted(path.stem for path in (ROOT / "environments").glob("*.toml"))


def synthesize_and_judge(environment: str) -> Synthesized:
    """Synthesize one environment into build/synth and judge what came out."""
    started = time.monotonic()
    folder = SYNTH / environment
    synthesize(environment, folder)
    return Synthesized(
        environment=environment,
        seconds=time.monotonic() - started,
        stacks=len(list(folder.glob("*.template.json"))),
        verdict=judge(folder),
    )


def table(rows: Sequence[Synthesized]) -> str:
    """Lay out the result, one line per environment."""
    head = f"{'environment':<16}{'stacks':>7}{'accepted':>10}{'reasons':>9}{'objections':>12}{'seconds':>9}"
    lines = [
        f"{row.environment:<16}{row.stacks:>7}{row.verdict.accepted:>10}{row.verdict.reasons:>9}"
        f"{len(row.verdict.objections):>12}{row.seconds:>9.1f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


def main(asked: Sequence[str] = ()) -> int:
    """Synthesize the environments that are asked for, or all; 1 when one failed or its report has an objection."""
    rows = []
    for environment in asked or environments():
        print(f"synthesizing {environment} ... ", end="", flush=True)  # noqa: T201 - progress for the person who waits
        try:
            rows.append(synthesize_and_judge(environment))
        except SynthError as error:
            print(f"failed\n{error}")  # noqa: T201 - the same
            return 1
        print(f"{rows[-1].seconds:.1f} s")  # noqa: T201 - the same
    print(table(rows))  # noqa: T201 - the same
    objections = [f"{row.environment}: {each}" for row in rows for each in row.verdict.objections]
    print("\n".join(objections), end="\n" if objections else "")  # noqa: T201 - the same
    return 1 if objections else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m compliance.synth", description=__doc__)
    parser.add_argument("environments", nargs="*", help="names of environments; without one, all")
    sys.exit(main(parser.parse_args().environments))
