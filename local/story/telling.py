"""The story's steps in their order, told from the first to the last; whatever happens, nothing is left running."""

from __future__ import annotations

import sys
import traceback
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from local.cloud import LocalCloud, LocalCloudError
from local.story import (
    attack_steps,
    data_steps,
    decision_steps,
    forgery_step,
    operator_steps,
    platform_steps,
    release_steps,
    serving_steps,
)
from local.story.interrupts import Interrupted, listen, undisturbed
from local.story.keeping import how_to_use
from local.story.ledger import choose_ledger
from local.story.logs import save_logs
from local.story.mailbox import Mailbox
from local.story.narrator import Narrator
from local.story.scene import BUILD, Scene
from local.story.summary import failure, summary
from local.story.waiting import StoryError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local.story.narrator import Facts

    Act = Callable[[Facts], None]

PLAIN_WIDTH = 120
STEPS = 28
ATTACKS = frozenset({"cut-off", "same-person", "refused-by-gate", "refused-tampered", "rolled-back"})
"""Steps of the full story only: tests prove the same, and each of them takes a training or a release of its own."""
RECORD = BUILD / "story.json"


def acts(scene: Scene, mailbox: Mailbox, without: frozenset[str]) -> dict[tuple[str, str], Act]:
    """The story's steps in order: (name in the record, title) -> what happens. One attack needs a challenger more."""
    challengers = 2 if "same-person" in without else 3
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
        ("batch", "Score them as a new month by jobs"): partial(serving_steps.batch, scene),
        ("monitor", "Watch for drift"): partial(serving_steps.monitor, scene),
        ("challenge", "Train challengers of the champion"): partial(decision_steps.challenge, scene, challengers),
        ("reject", "Reject one of them as bob"): partial(decision_steps.reject, scene, mailbox),
        ("replace", "Approve another: a new champion"): partial(decision_steps.replace, scene),
        ("rollback", "Go back to the former release as olga"): partial(operator_steps.rollback, scene, mailbox),
        ("stop", "Pull the kill switch as olga, and come back"): partial(operator_steps.stop, scene, mailbox),
        ("cut-off", "Stop without CloudFormation as olga, and come back"): partial(
            operator_steps.cut_off, scene, mailbox
        ),
        ("same-person", "Undo an approval by the submitter"): partial(
            attack_steps.approved_by_submitter, scene, mailbox
        ),
        ("forged-registry", "Forge the whole registry in MLflow"): partial(
            forgery_step.forged_registry, scene, mailbox
        ),
        ("refused-by-gate", "Refuse a model with ruined labels"): partial(attack_steps.ruined_labels, scene),
        ("refused-tampered", "Refuse a tampered artifact"): partial(attack_steps.tampered_artifact, scene, mailbox),
        ("rolled-back", "Roll back a model that does not start"): partial(attack_steps.does_not_start, scene),
        ("audit", "Verify the audit record as iris"): partial(decision_steps.audit, scene),
        ("teardown", "Take everything down"): partial(platform_steps.teardown, scene),
    }


def left_out(*, keep: bool, full: bool) -> frozenset[str]:
    """The names of the steps that a story doesn't tell: attacks unless it is `full`, the end where it is to be kept."""
    return (frozenset() if full else ATTACKS) | (frozenset({"teardown"}) if keep else frozenset())


def tell(file: Path | None, mapping: Path | None, *, keep: bool, full: bool) -> int:
    """Tell the story, with the attacks where it is `full`; returns the exit code.

    0: every step was ok; 1: one failed; 2: it can't begin; 128 + the signal's number: it was ended by a signal.
    With `keep`, a story that ended well is left running; one that failed or was interrupted never is.
    """
    listen()
    console = plain_or_terminal()
    try:
        expect_nothing_runs()
        RECORD.unlink(missing_ok=True)
        ledger = choose_ledger(file, mapping)
        without = left_out(keep=keep, full=full)
        narrator = Narrator(RECORD, total=STEPS - len(without), console=console)
        return tell_on(Scene(LocalCloud(keep=keep), narrator, ledger), without, keep=keep)
    except Interrupted as interrupted:
        return interrupted.exit_code
    except (ValueError, OSError, StoryError) as error:
        console.print(error, style="red", markup=False, soft_wrap=True)
        return 2


def tell_on(scene: Scene, without: frozenset[str], *, keep: bool) -> int:
    """Tell the story on a scene that is set; ends what was started unless all went well and it is to be kept."""
    console, kept = scene.narrator.console, False
    try:
        with scene.narrator.telling():
            perform(scene, without)
        console.print(summary(scene, kept=keep))
        if keep:
            console.print(how_to_use(scene), markup=False, soft_wrap=True)
        kept = keep
    except Interrupted:
        console.print("[yellow]Interrupted; ending what was started.[/]")
        raise
    except Exception as error:  # noqa: BLE001 - the front door: whatever went wrong becomes a sentence
        write_trace(scene.cloud)
        console.print(failure(scene, error), style="red", markup=False, soft_wrap=True)
        return 1
    finally:
        if not kept:
            with undisturbed():
                end(scene.cloud)
    return 0


def expect_nothing_runs() -> None:
    """Leave alone what another story of this folder has left running.

    Raises:
        StoryError: a local AWS runs.
    """
    try:
        running = LocalCloud.attach()
    except LocalCloudError:
        return
    raise StoryError(
        f"A local AWS already runs in {running.folder}, of a story that was kept with KEEP=1, or was killed and is "
        "just ending. It was left as it is; `make story-down` ends it."
    )


def perform(scene: Scene, without: frozenset[str]) -> None:
    """Run the acts in order, but for those that are left out; the mailbox opens once the notifications exist."""
    mailbox = Mailbox()
    for (name, title), act in acts(scene, mailbox, without).items():
        if name in without:
            continue
        with scene.narrator.step(name, title) as facts:
            act(facts)
        if name == "deploy":
            mailbox.open(scene.administrator, scene.outputs["NotificationTopicArn"])


def end(cloud: LocalCloud) -> None:
    """Keep the logs, then end the local AWS and all that it started."""
    try:
        if cloud.is_running:
            save_logs(cloud.session(), cloud.folder / "logs" / "cloudwatch")
    except (BotoCoreError, ClientError) as error:
        Console(stderr=True).print(f"CloudWatch's logs could not be kept: {error}", style="yellow", markup=False)
    finally:
        cloud.stop()


def write_trace(cloud: LocalCloud) -> None:
    """Keep the traceback of the running exception for who mends it; the person gets a sentence."""
    file = cloud.folder / "logs" / "story.log"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(traceback.format_exc(), encoding="utf-8")


def plain_or_terminal() -> Console:
    """Standard output, wide enough for the tables where it is no terminal; an ARN's ":secret:" stays what it is."""
    width = None if sys.stdout.isatty() else PLAIN_WIDTH
    return Console(highlight=False, emoji=False, width=width)


def down() -> int:
    """End what a kept story left running; 0 as well where nothing runs."""
    console = plain_or_terminal()
    try:
        cloud = LocalCloud.attach()
    except LocalCloudError as nothing:
        console.print(str(nothing), markup=False, soft_wrap=True)
        return 0
    with undisturbed():
        end(cloud)
    console.print("Ended the local AWS, MLflow and the endpoint.")
    return 0
