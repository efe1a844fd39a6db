"""The table at the story's end: what was deployed, how good it is, who approved, what it answered, where to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from local.cloud import LocalCloudError
from local.story.data_steps import DATA_REPORT
from local.story.keeping import MLFLOW_USER
from local.story.scene import ASSEMBLY, BUILD, MODEL, ROOT
from local.story.waiting import StoryError

if TYPE_CHECKING:
    from local.story.scene import Scene

LATER = {
    "reject": "Rejected",
    "replace": "Another champion",
    "rollback": "Taken back",
    "stop": "Stopped",
    "same-person": "Approved by submitter",
    "forged-registry": "Forged registry",
    "refused-by-gate": "Refused by the gate",
    "refused-tampered": "Refused before registration",
    "rolled-back": "Rolled back",
    "audit": "Audit record",
}
"""Steps after the first release, and what the table calls them; a story tells some of them only when it is full."""
EXPECTED = (StoryError, LocalCloudError)


def summary(scene: Scene, *, kept: bool) -> Table:
    """The closing table, made from the recorded facts."""
    minutes, seconds = divmod(round(scene.narrator.seconds), 60)
    title = f"What happened, in {minutes} min {seconds} s"
    table = Table(title=title, show_header=False, title_justify="left", padding=(0, 1))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in [*happened(scene), *where(scene, kept=kept)]:
        table.add_row(name, escape(value))
    return table


def happened(scene: Scene) -> list[tuple[str, str]]:
    """Name and value of each line about what was done, the alerts among them."""
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
        ("Real-time answers", fact("score")["told"]),
        ("Batch", fact("batch")["told"]),
        *[(f"  alert {number}", alert_line(alert)) for number, alert in enumerate(fact("batch")["alerts"], 1)],
        (
            "Drift monitor",
            f"{drift['status']}, largest PSI {drift['max_psi']:.3f} ({fact('monitor')['worst_feature']})",
        ),
        *[(LATER[step.name], step.facts["told"]) for step in scene.narrator.steps if step.name in LATER],
    ]


def alert_line(alert: dict[str, str]) -> str:
    """An alert with what its label says: the kind of anomaly, that it is ordinary, or that nobody knows."""
    label = alert["kind"] if alert["kind"] != "none" else "ordinary"
    head = f"{alert['purchase']} ({alert['transaction']}, score {alert['score']}, label: {label})"
    return "\n".join([head, *(f"- {reason}" for reason in alert["reasons"])])


def where(scene: Scene, *, kept: bool) -> list[tuple[str, str]]:
    """Name and value of each line about where to look."""
    url = scene.narrator.facts("tracking")["url"]
    ended = f"was at {url} and ended with the story; `make story KEEP=1` leaves it running"
    return [
        ("MLflow", f"{url}, {MLFLOW_USER}" if kept else ended),
        ("Data report", f"{DATA_REPORT.relative_to(ROOT)} (open it in a browser)"),
        ("Logs", f"{(scene.cloud.folder / 'logs').relative_to(ROOT)}/"),
        ("Templates", f"{ASSEMBLY.relative_to(ROOT)}/"),
        ("Record of every step", str((BUILD / "story.json").relative_to(ROOT))),
    ]


def failure(scene: Scene, error: Exception) -> str:
    """What to print when a step failed: the sentence, and where to look. All that was started ends."""
    steps, logs = scene.narrator.steps, scene.cloud.folder / "logs"
    step = steps[-1].title if steps else "before the first step"
    words = str(error) if isinstance(error, EXPECTED) else f"{type(error).__name__}: {error}"
    return f"The story stopped at: {step}\n{words}\nLogs: {logs}. Everything that it started is ended."
