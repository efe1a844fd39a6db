"""Attacks on the release path, one a row: what a trainer, or a thief of a job's role, may try against a champion.

`tried()` carries each out in a fresh world where version 1 serves, and says what the platform answered. The tests hold
each row to its promise; `make faults` lists the rows in build/faults.json.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from lambdas.release.artifact import ArtifactError
from lambdas.release.documents import ASSESSMENT, CARD
from lambdas.release.signing import NAME
from tests.fakes.artifacts import canonical, manifest, metrics, pack
from tests.fakes.release import IMAGE, MODEL, NOON, FakeWorld
from tests.fakes.stack import REPOSITORY
from tests.fakes.trail import start
from tests.faults.attack import JOB, OTHER, Attack, deliver, honest, said, under_attack
from tests.faults.attack_archives import archives
from tests.unit.lambdas.stories import complete, execute, requested, settle


def with_job(**changes: Any) -> Callable[[FakeWorld], str]:  # noqa: ANN401 - a job's fields
    """Give the job another description."""
    return lambda world: deliver(world, pack(honest(world)), **changes)


def with_manifest(**changes: Any) -> Callable[[FakeWorld], str]:  # noqa: ANN401 - a manifest's fields
    """Write another manifest over honest files."""

    def mount(world: FakeWorld) -> str:
        content = honest(world)
        del content["manifest.json"]
        return deliver(world, pack(content | {"manifest.json": manifest(content, **changes)}))

    return mount


def swapped_before(world: FakeWorld) -> str:
    """Write a whole, consistent archive over SageMaker's own before the event arrives."""
    world.finish(JOB, pack(honest(world)))
    world.artifacts.write(JOB.artifact_uri, pack(honest(world, model_ubj=b"{evil")), NOON + timedelta(seconds=1))
    complete(world, JOB.name)
    return said(world)


def planted(world: FakeWorld) -> str:
    """Put an archive at the job's address before the job ends."""
    world.artifacts.write(JOB.artifact_uri, pack(honest(world, model_ubj=b"{evil")), NOON - timedelta(minutes=5))
    world.finish(JOB, pack(honest(world)))
    complete(world, JOB.name)
    return said(world)


def erased(world: FakeWorld) -> str:
    """Delete SageMaker's archive and write another."""
    world.finish(JOB, pack(honest(world)))
    world.artifacts.write(JOB.artifact_uri, b"", NOON, deletes=True)
    world.artifacts.write(JOB.artifact_uri, pack(honest(world, model_ubj=b"{evil")), NOON)
    complete(world, JOB.name)
    return said(world)


def late(world: FakeWorld) -> str:
    """Write an archive where a job left none, after its end."""
    world.jobs.jobs[JOB.name] = JOB
    world.trail.note(start(JOB, JOB.submitter))
    world.artifacts.write(JOB.artifact_uri, pack(honest(world)), NOON + timedelta(hours=1))
    complete(world, JOB.name)
    return said(world)


def other_data(world: FakeWorld) -> str:
    """Change the data after the training that names its hash."""
    world.artifacts.data["s3://data/features/run/"] += b" "
    return deliver(world, pack(honest(world)))


def forged_signature(world: FakeWorld) -> str:
    """Leave a signature of another key beside the place where the platform will sign."""
    statement = {"algorithm": "ECDSA_SHA_256", "key_arn": "key", "model": MODEL, "signature": "AAAA"}
    return planted_paper(NAME, lambda sha: canonical(statement | {"manifest_sha256": sha}))(world)


def replayed_signature(world: FakeWorld) -> str:
    """Leave the champion's own, right signature beside another manifest."""
    champion = world.registry.champion(MODEL)
    assert champion
    kept = world.artifacts.papers[MODEL, champion.tag("manifest_sha256"), NAME]
    return planted_paper(NAME, lambda _: kept)(world)


def renamed_signature(world: FakeWorld) -> str:
    """Leave the champion's signature with the other manifest's name written into it."""
    champion = world.registry.champion(MODEL)
    assert champion
    kept = json.loads(world.artifacts.papers[MODEL, champion.tag("manifest_sha256"), NAME])
    return planted_paper(NAME, lambda sha: canonical(kept | {"manifest_sha256": sha}))(world)


def planted_paper(name: str, content: Callable[[str], bytes]) -> Callable[[FakeWorld], str]:
    """Write a file into the release bucket before the platform does; the request must end in an error."""

    def mount(world: FakeWorld) -> str:
        archive = honest(world)
        sha = hashlib.sha256(archive["manifest.json"]).hexdigest()
        world.artifacts.keep(MODEL, sha, name, content(sha))
        try:
            return deliver(world, pack(archive))
        except ArtifactError as error:
            return str(error)

    return mount


def planted_archive(world: FakeWorld) -> str:
    """Put another archive under the hash that the candidate will have."""
    archive = honest(world)
    sha = hashlib.sha256(archive["manifest.json"]).hexdigest()
    world.artifacts.released[MODEL, sha] = pack(honest(world, model_ubj=b"{evil"))
    try:
        return deliver(world, pack(archive))
    except ArtifactError as error:
        return str(error)


def after_approval(tamper: Callable[[FakeWorld, str], None]) -> Callable[[FakeWorld], str]:
    """Tamper with the release bucket after the approval: the endpoint must go back to the champion."""

    def mount(world: FakeWorld) -> str:
        version = requested(world, JOB, pack(honest(world)))
        execute(world, version.tag("release_id"))
        world.deploy(version)
        tamper(world, version.tag("manifest_sha256"))
        answer = settle(world)
        back = next(name for name in world.change_sets.executed if name.startswith("home-"))
        champion = world.registry.champion(MODEL)
        assert champion
        assert world.change_sets.brought[back][0].version == champion.number
        world.deploy(champion)  # CloudFormation executes the way back
        return answer

    return mount


def of_another_model(world: FakeWorld) -> str:
    """Send the champion's own archive, whole and genuine, as a job of another model."""
    champion = world.registry.champion(MODEL)
    assert champion
    genuine = world.artifacts.released[MODEL, champion.tag("manifest_sha256")]
    return deliver(world, genuine, tags={"atoll:uid": "mallory", "atoll:model": OTHER})


def _origins() -> Iterator[Attack]:
    yield Attack("overwritten after the job", swapped_before, "has 2 versions")
    yield Attack("planted before the job", planted, "has 2 versions")
    yield Attack("deleted and written anew", erased, "has 3 versions")
    yield Attack("written after a job that left nothing", late, "and the job ran from")
    yield Attack("another's manifest, replayed", of_another_model, "its manifest is for 'card-anomaly'")
    yield Attack("manifest of other data", with_manifest(data_manifest_sha256="0" * 64), "its manifest names the data")
    yield Attack("features of other code", with_manifest(features_sha256="0" * 64), "its features' code is '000")
    yield Attack("data changed afterwards", other_data, "its manifest names the data")
    yield Attack("manifest of other hyperparameters", with_manifest(hyperparameters={"max_depth": 9}), "max_depth='6'")
    yield Attack("own command in our image", with_job(entrypoint=("sh", "-c", "x")), "own entry point")
    yield Attack("a shell in the job", with_job(remote_debug=True), "open a shell in the container")
    yield Attack("code by environment", with_job(environment={"PYTHONPATH": "/opt/ml/input"}), "sets 'PYTHONPATH'")
    yield Attack("own image", with_job(image=IMAGE.replace(REPOSITORY, "evil.example/x")), "its image is")
    yield Attack("image by tag", with_job(image=f"{REPOSITORY}:latest"), "its image is")
    old = f"{REPOSITORY}@sha256:{'c' * 64}"
    yield Attack("an image with known holes", with_job(image=old), "its image is")
    yield Attack("with a network", with_job(network_isolated=False), "without network isolation")
    elsewhere = "s3://mallorys-bucket/jobs/job-2/output/model.tar.gz"
    yield Attack("archive in an own bucket", with_job(artifact_uri=elsewhere), "expected s3://data/jobs/job-2/")
    folder = {"artifact_uri": "s3://data/jobs/job-2/output/model", "compression": "NONE"}
    yield Attack(
        "a folder in place of an archive", with_job(**folder), "is 's3://data/jobs/job-2/output/model' ('NONE')"
    )
    yield Attack("an archive of another kind", with_job(compression="NONE"), "model.tar.gz' ('NONE')")
    others = "s3://data/jobs/job-1/output/model.tar.gz"
    yield Attack("another job's archive", with_job(artifact_uri=others), "expected s3://data/jobs/job-2/")
    strange = {"features": "s3://mallorys-bucket/features/"}
    yield Attack("data in an own bucket", with_job(channels=strange), "its channel `features` is")
    yield Attack("nobody's job", with_job(tags={"atoll:model": MODEL}), "its tag atoll:uid")
    two = {"atoll:model": MODEL, "atoll:uid": "bob", "Atoll:Uid": "mallory"}
    yield Attack("an id in two cases", with_job(tags=two), "which IAM may take for one another")
    yield Attack(
        "an id within an id", with_job(tags={"atoll:model": MODEL, "atoll:uid": "a-by-b"}), "its tag atoll:uid"
    )


def _gates() -> Iterator[Attack]:
    own = {"features": "s3://data/experiments/mallory/"}

    def on_own_data(world: FakeWorld) -> str:
        world.artifacts.data[own["features"]] = world.artifacts.data["s3://data/features/run/"]
        return deliver(world, pack(honest(world)), channels=own)

    def with_figures(**changes: bytes) -> Callable[[FakeWorld], str]:
        return lambda world: deliver(world, pack(honest(world, **changes)))

    yield Attack("own data", on_own_data, "expected data below s3://data/features/", registers=True)
    yield Attack("figure that is no number", with_figures(metrics_json=metrics(float("nan"))), "is nan", registers=True)
    yield Attack("no comparison", with_figures(metrics_json=metrics(1.0)), "no champion, and", registers=True)
    weaker = metrics(0.6, ("0" * 64, 0.1))
    yield Attack("compared with a weaker model", with_figures(metrics_json=weaker), "the champion is", registers=True)
    easier = metrics(1.0, holdout_sha256="0" * 64)
    yield Attack("measured on easier rows", with_figures(metrics_json=easier), "the data's held-out rows are")


def _seals() -> Iterator[Attack]:
    yield Attack("forged signature", forged_signature, "is wrong", registers=True)
    yield Attack("champion's signature, replayed", replayed_signature, "is for {", registers=True)
    yield Attack("champion's signature under another name", renamed_signature, "is wrong", registers=True)
    yield Attack("planted model card", planted_paper(CARD, lambda _: b"{}"), "the registry promises", registers=True)
    yield Attack("planted archive", planted_archive, "The archive released as", registers=True)
    tampers: dict[str, Callable[[FakeWorld, str], None]] = {
        "signature removed after approval": lambda w, sha: w.artifacts.papers.__delitem__((MODEL, sha, NAME)),
        "card removed after approval": lambda w, sha: w.artifacts.papers.__delitem__((MODEL, sha, CARD)),
        "assessment changed after approval": lambda w, sha: w.artifacts.papers.update(
            {(MODEL, sha, ASSESSMENT): b"{}"}
        ),
        "archive changed after approval": lambda w, sha: w.artifacts.released.update({(MODEL, sha): b"evil"}),
    }
    for name, tamper in tampers.items():
        yield Attack(name, after_approval(tamper), "goes back: ", registers=True)


ATTACKS = [*archives(), *_origins(), *_gates(), *_seals()]


def tried() -> list[dict[str, Any]]:
    """Carry out every attack; return name, whether it was refused, and the platform's words for it."""
    return [attempt(attack) for attack in ATTACKS]


def attempt(attack: Attack) -> dict[str, Any]:
    """Carry out one attack in a fresh world."""
    world = under_attack()
    answer = attack.mount(world)
    return {"attack": attack.name, "refused": attack.says in answer and untouched(world), "reason": answer}


def untouched(world: FakeWorld) -> bool:
    """Say whether the champion is what it was, serves, and nothing of the attacker's waits or is executed."""
    serving = world.endpoints.serving(MODEL)
    champion = world.registry.versions(MODEL)[-1]
    return (
        world.registry.champions == {MODEL: champion.number}
        and serving is not None
        and serving.manifest_sha256 == champion.tag("manifest_sha256")
        and champion.state == "released"
        and not world.change_sets.waiting
        and all(name.startswith("home-") for name in world.change_sets.executed)
    )
