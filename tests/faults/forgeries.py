"""What users of MLflow do to the registry: with no grant on the model, with EDIT, with MANAGE.

tests/contract/mlflow holds the real server to what a grant lets a user do. Whoever creates a registered model manages
it, so that who finds none may be first (RT-12).
"""

from lambdas.release.records import Version
from tests.fakes.release import MODEL, job
from tests.faults.acts import counted
from tests.faults.life import Life

GRANTS = {"none": frozenset[str](), "edit": frozenset({"write"}), "manage": frozenset({"write", "delete"})}
STEPS = {
    "RT-01": ("delete a tag", "delete the alias", "delete a version", "delete the model"),
    "RT-02": ("create the model anew", "write every tag anew", "move the alias"),
    "RT-04": ("change the submitter's tag",),
    "RT-10": ("name a run after the next job",),
}


def forge(life: Life) -> None:
    """A user of MLflow edits, deletes or makes what the registry shows."""
    grant = life.random.choice(tuple(GRANTS))
    shown = life.registry.versions(MODEL)
    finding, step = life.random.choice([(finding, step) for finding, steps in STEPS.items() for step in steps])
    needs = {"delete a version": "delete", "delete the model": "delete", "create the model anew": ""}.get(step, "write")
    allowed = not shown if needs == "" else needs in GRANTS[grant]
    if not counted(life, f"MLflow user, grant {grant}", step, (finding, step), allowed=allowed):
        return
    if shown:
        _edit(life, step, life.random.choice(shown))
    elif step == "create the model anew":
        for number in ("1", "2"):
            made = life.registry.register(MODEL, f"mallorys-{number}", {"atoll.state": "released"})
        life.registry.crown(made)


def _edit(life: Life, step: str, version: Version) -> None:
    match step:
        case "delete a tag":
            name = life.random.choice(("state", "approver", "crowned", "release_id", "manifest_sha256"))
            life.registry.tag(version, {name: ""})
        case "change the submitter's tag":
            life.registry.tag(version, {"submitter": life.random.choice(("", "zoe"))})
        case "name a run after the next job":
            life.registry.runs[job(f"job-{life.jobs + 1}").arn] = version.run_id
        case "delete the alias" | "move the alias":
            life.registry.crown(version) if step.startswith("move") else life.registry.uncrown(MODEL)
        case "delete a version":
            del life.registry.known[MODEL, version.number]
        case "delete the model":
            life.registry.known.clear()
            life.registry.uncrown(MODEL)
        case "write every tag anew":
            _write_anew(life, version)


def _write_anew(life: Life, approved: Version) -> None:
    """Say that one version is the champion which another replaced, and that all others were turned down."""
    for each in life.registry.versions(MODEL):
        life.registry.tag(each, {"state": "rejected", "approver": "", "crowned": ""})
    crowned = life.cloud.now.isoformat()
    life.registry.tag(approved, {"state": "superseded", "crowned": crowned, "approver": "cid"})
    life.registry.crown(approved)
