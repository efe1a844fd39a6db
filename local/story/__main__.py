"""`make story`: from a ledger to a monitored endpoint, on one machine."""

from __future__ import annotations

import argparse
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local.cloud import LocalCloud, LocalCloudError
from local.story import attack_steps, data_steps, platform_steps, release_steps, serving_steps
from local.story.ledger import choose_ledger
from local.story.logs import save_logs
from local.story.mailbox import Mailbox
from local.story.narrator import Narrator
from local.story.scene import BUILD, Ledger, Scene
from local.story.summary import failure, how_to_use, summary, write_shell_environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from local.story.narrator import Facts

    Act = Callable[[Facts], None]


def acts(scene: Scene, mailbox: Mailbox) -> dict[tuple[str, str], Act]:
    """The story's steps in order: (name in the record, title) -> what happens."""
    return {
        ("start", "Start the local AWS"): partial(platform_steps.start, scene),
        ("synthesize", "Synthesize the local environment"): partial(platform_steps.synthesize, scene),
        ("bootstrap", "Bootstrap the account"): partial(platform_steps.bootstrap, scene),
        ("deploy", "Deploy all stacks, before any model exists"): partial(platform_steps.deploy, scene),
        ("tracking", "See that MLflow lets in only who may"): partial(platform_steps.tracking, scene),
        ("ledger", "Land the ledger in S3"): partial(data_steps.ledger, scene),
        ("etl", "Run ETL as a processing job"): partial(data_steps.etl, scene),
        ("train", "Train with the SageMaker SDK as alice"): partial(release_steps.train_candidate, scene),
        ("register", "Verify, register, gate, request the release"): partial(release_steps.register, scene, mailbox),
        ("deny", "Deny the trainer the approval"): partial(release_steps.deny, scene),
        ("approve", "Approve as bob: execute the change set"): partial(release_steps.approve, scene),
        ("settle", "Smoke-test and name the champion"): partial(release_steps.settle, scene),
        ("score", "Score held-back transactions in real time"): partial(serving_steps.score, scene),
        ("batch", "Score the rest by batch transform"): partial(serving_steps.batch, scene),
        ("monitor", "Watch for drift"): partial(serving_steps.monitor, scene),
        ("refused-by-gate", "Refuse a model with ruined labels"): partial(attack_steps.ruined_labels, scene),
        ("refused-tampered", "Refuse a tampered artifact"): partial(attack_steps.tampered_artifact, scene, mailbox),
        ("rolled-back", "Roll back a model that does not start"): partial(attack_steps.does_not_start, scene),
        ("teardown", "Take everything down"): partial(platform_steps.teardown, scene),
    }


def tell(cloud: LocalCloud, ledger: Ledger, console: Console, *, keep: bool) -> int:
    """Tell the whole story; whatever happens, nothing is left running unless `keep`. 0 when every step was ok."""
    narrator = Narrator(BUILD / "story.json", total=18 if keep else 19, console=console)
    scene = Scene(cloud, narrator, ledger)
    kept = False
    try:
        with narrator.telling():
            perform(scene, keep=keep)
        console.print(summary(scene))
        if keep:
            write_shell_environment(scene)
            console.print(how_to_use(scene), soft_wrap=True)
        kept = keep
    except KeyboardInterrupt:
        console.print("[yellow]Interrupted; ending what was started.[/]")
        return 130
    except Exception as error:  # noqa: BLE001 - the front door: whatever went wrong becomes a sentence
        console.print(failure(narrator, error, str(cloud.folder)), soft_wrap=True)
        return 1
    finally:
        if not kept:
            end(cloud)
    return 0


def end(cloud: LocalCloud) -> None:
    """Keep the logs, then end the local AWS and all that it started."""
    try:
        if cloud.is_running:
            save_logs(cloud.session(), cloud.folder / "logs" / "cloudwatch")
    except (BotoCoreError, ClientError) as error:
        Console(stderr=True).print(f"[yellow]CloudWatch's logs could not be kept: {error}[/]")
    finally:
        cloud.stop()


def perform(scene: Scene, *, keep: bool) -> None:
    """Run the acts in order; the mailbox opens once the notifications exist."""
    mailbox = Mailbox()
    for (name, title), act in acts(scene, mailbox).items():
        if name == "teardown" and keep:
            continue
        with scene.narrator.step(name, title) as facts:
            act(facts)
        if name == "deploy":
            mailbox.open(scene.administrator, scene.outputs["NotificationTopicArn"])


def interrupted(_signal: int, _frame: FrameType | None) -> NoReturn:
    """A closed terminal or a `kill` ends the story as Ctrl-C does."""
    raise KeyboardInterrupt


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m local.story",
        description="From a ledger to a monitored endpoint, on a local AWS, with no account and no Docker.",
        epilog="`make story` calls this. The record of every step is build/story.json.",
    )
    parser.add_argument(
        "--ledger", type=Path, help="your own ledger (.csv, .csv.gz, .parquet); generated when not given"
    )
    parser.add_argument(
        "--mapping", type=Path, help="TOML that names the ledger's columns; found by itself where it can be"
    )
    parser.add_argument("--keep", action="store_true", help="leave the local AWS, MLflow and the endpoint running")
    parser.add_argument("--down", action="store_true", help="end what --keep left running")
    return parser.parse_args()


def down(console: Console) -> int:
    """End what a kept story left running."""
    try:
        LocalCloud.attach().stop()
    except LocalCloudError as nothing:
        console.print(str(nothing), soft_wrap=True)
    else:
        console.print("Ended the local AWS, MLflow and the endpoint.")
    return 0


def main() -> int:
    """Tell the story, or end what a kept one left running."""
    chosen, console = arguments(), Console(highlight=False)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    if chosen.down:
        return down(console)
    try:
        ledger = choose_ledger(chosen.ledger, chosen.mapping)
    except ValueError as error:
        console.print(f"[red]{error}[/]", soft_wrap=True)
        return 2
    return tell(LocalCloud(keep=chosen.keep), ledger, console, keep=chosen.keep)


if __name__ == "__main__":
    sys.exit(main())
