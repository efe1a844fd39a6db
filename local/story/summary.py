"""The table at the story's end: what was deployed, how good it is, who approved, what it answered, where to look."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from rich.table import Table

from local.story.scene import ASSEMBLY, BUILD, MODEL, ROOT

if TYPE_CHECKING:
    from local.story.narrator import Narrator
    from local.story.scene import Scene


def summary(scene: Scene) -> Table:
    """The closing table, made from the recorded facts."""
    fact = scene.narrator.facts
    table = Table(title="What happened", show_header=False, title_justify="left", padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows(scene):
        table.add_row(name, value)
    for number, alert in enumerate(fact("score")["alerts"], 1):
        words = f"{alert['transaction']}  score {alert['score']}  {'; '.join(alert['reasons'])}"
        table.add_row(f"Alert {number}", f"{words}  [dim](label: {alert['kind']})[/]")
    return table


def rows(scene: Scene) -> list[tuple[str, str]]:
    """Name and value of each line above the alerts."""
    fact = scene.narrator.facts
    metrics, drift = fact("register")["metrics"], fact("monitor")["report"]
    quality = (
        f"average precision {metrics['average_precision']:.3f}, precision at 100 {metrics['precision_at_100']:.2f}, "
        f"recall at 1 % false alarms {metrics['recall_at_1pct_fpr']:.2f} "
        "(generated or injected anomalies: a regression test, no claim of finding fraud)"
    )
    return [
        ("Deployed", f"{', '.join(fact('deploy')['stacks'])} ({fact('deploy')['resources']} resources)"),
        ("Ledger", f"{scene.ledger.file.name}: {fact('etl')['told']}"),
        ("Quality on the test period", quality),
        ("Champion", f"{MODEL} v{fact('settle')['champion']}, release {fact('register')['release']}"),
        ("Submitted / approved by", f"{fact('settle')['submitter']} / {fact('settle')['approver']}"),
        ("Denied", fact("deny")["told"]),
        ("Endpoint's answers", f"{fact('score')['told']}; batch: {fact('batch')['told']}"),
        ("Monitor", f"{drift['status']}, largest PSI {drift['max_psi']:.3f} ({fact('monitor')['worst_feature']})"),
        ("Refused by the gate", fact("refused-by-gate")["told"]),
        ("Refused before registration", fact("refused-tampered")["told"]),
        ("Rolled back", fact("rolled-back")["told"]),
        ("MLflow", f"{fact('tracking')['url']} (user and password: secret {scene.outputs['TrackingAdminSecretArn']})"),
        ("Logs", str(scene.cloud.folder.relative_to(ROOT))),
        ("Templates", str(ASSEMBLY.relative_to(ROOT))),
        ("Record", str((BUILD / "story.json").relative_to(ROOT))),
    ]


def how_to_use(scene: Scene) -> str:
    """The commands with which a person uses what KEEP=1 left running."""
    aws, tracking = f"aws --endpoint-url {scene.cloud.endpoint}", scene.outputs["TrackingUrl"]
    user = '--user "$MLFLOW_TRACKING_USERNAME:$MLFLOW_TRACKING_PASSWORD"'
    commands = [
        f"source {(scene.cloud.folder / 'environment.sh').relative_to(ROOT)}",
        f"{aws} sagemaker describe-endpoint --endpoint-name {scene.outputs['EndpointName']}",
        f"{aws} cloudformation describe-stacks --query 'Stacks[].[StackName,StackStatus]'",
        f'curl --cacert "$AWS_CA_BUNDLE" {tracking}/health',
        f'curl --cacert "$AWS_CA_BUNDLE" {user} "{tracking}/api/2.0/mlflow/registered-models/search"',
    ]
    return "\n  ".join(
        ["Still running; `make story-down` ends it. In a shell:", *commands, f"MLflow's pages: {tracking}"]
    )


def failure(narrator: Narrator, error: BaseException, folder: str) -> str:
    """What to print when a step failed: the sentence, and where to look."""
    step = narrator.steps[-1].title if narrator.steps else "before the first step"
    return f"[red]The story stopped at: {step}[/]\n{error}\nLogs: {folder}. Everything it started was ended."


def write_shell_environment(scene: Scene) -> None:
    """Write `environment.sh`: what a shell needs to use the local AWS and MLflow as administrator."""
    mine = {name: value for name, value in scene.cloud.environment.items() if name.startswith("AWS_")}
    lines = [
        f"export {name}={shlex.quote(value)}" for name, value in sorted((mine | scene.tracking_environment()).items())
    ]
    file = scene.cloud.folder / "environment.sh"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    file.chmod(0o600)
