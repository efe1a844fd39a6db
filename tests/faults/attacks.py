"""Attacks on the release path, one a row: what a trainer, or a thief of a job's role, may try against a champion.

`tried()` carries each out in a fresh world where version 1 serves, and says what the platform answered. The tests hold
each row to its promise; `make faults` lists the rows in build/faults.json.
"""

import functools
import gzip
import hashlib
import io
import json
import pickle
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from lambdas.release.artifact import MAXIMUM_TOTAL_BYTES, ArtifactError
from lambdas.release.documents import ASSESSMENT, CARD
from lambdas.release.signing import NAME
from tests.fakes.artifacts import canonical, files, manifest, metrics, pack
from tests.fakes.release import IMAGE, MODEL, NOON, REPOSITORY, FakeWorld, job
from tests.unit.lambdas.stories import complete, execute, released, requested, settle

JOB = job("job-2", submitter="mallory")
OTHER = "other-model"


@dataclass(frozen=True)
class Attack:
    """A try: `mount` carries it out and returns the platform's answer, which must contain `says`."""

    name: str
    mount: Callable[[FakeWorld], str]
    says: str
    registers: bool = False  # whether a version is known (and refused or rolled back) afterwards


def under_attack() -> FakeWorld:
    """A world in which version 1, of an honest job, is the champion and serves."""
    world = FakeWorld(settings=FakeWorld().settings.model_copy(update={"models": (MODEL, OTHER)}))
    released(world)
    return world


def honest(world: FakeWorld, **changes: bytes) -> dict[str, bytes]:
    """The files of a model that would pass, compared with the champion, and their manifest."""
    champion = world.registry.champion(MODEL)
    assert champion
    compared = metrics(0.9, (champion.tag("manifest_sha256"), 0.8))
    content = files(**({"metrics_json": compared} | changes))
    return content | {"manifest.json": manifest(content)}


def said(world: FakeWorld) -> str:
    """What people were told last."""
    return world.notifier.messages[-1][1]


def deliver(world: FakeWorld, packed: bytes, **changes: Any) -> str:  # noqa: ANN401 - a job's fields
    """Let mallory's job end with an archive; return what people were told."""
    world.finish(replace(JOB, **changes), packed)
    complete(world, JOB.name)
    return said(world)


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", **headers: str) -> tarfile.TarInfo:
    """A member of an archive without content."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.pax_headers = kind, target, headers
    return made


def with_member(extra: tarfile.TarInfo, *, instead: str = "") -> Callable[[FakeWorld], str]:
    """Add a member to an honest archive, in place of another one."""

    def mount(world: FakeWorld) -> str:
        content = honest(world)
        content.pop(instead, None)
        return deliver(world, pack(content, extra))

    return mount


def with_files(**changes: bytes) -> Callable[[FakeWorld], str]:
    """Put other content into files (or new ones) without telling the manifest."""
    named = {name.replace("_", "."): content for name, content in changes.items()}
    return lambda world: deliver(world, pack(honest(world) | named))


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


@functools.cache
def bomb(kind: bytes = tarfile.REGTYPE) -> bytes:
    """A small archive whose one member claims a terabyte and unpacks to more than is taken."""
    header = member("model.ubj", kind)
    header.size = 10**12
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as stream:
        stream.write(header.tobuf(tarfile.GNU_FORMAT))
        for _ in range(MAXIMUM_TOTAL_BYTES // 10**7 + 2):
            stream.write(bytes(10**7))
    return out.getvalue()


def crowd(world: FakeWorld) -> str:
    """Fill the archive with members that hold nothing."""
    return deliver(world, pack(honest(world), *[member(".", tarfile.DIRTYPE) for _ in range(1000)]))


def truncated(world: FakeWorld) -> str:
    """Cut the archive in its middle."""
    packed = pack(honest(world))
    return deliver(world, packed[: len(packed) // 2])


def pickled_model(world: FakeWorld) -> str:
    """Name a pickle model.ubj and vouch for it in the manifest."""
    return deliver(world, pack(honest(world, model_ubj=pickle.dumps({"model": 1}))))


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
        back = next(name for name in world.change_sets.executed if name.startswith("back-"))
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


def _archives() -> Iterator[Attack]:
    yield Attack("path traversal", with_files(**{"../../etc/cron_d": b"x"}), "is not one of the regular files")
    yield Attack("absolute path", with_files(**{"/etc/passwd": b"x"}), "is not one of the regular files")
    yield Attack("unexpected file", with_files(code_py=b"import os"), "'code.py' is not one of")
    yield Attack("pickle beside the model", with_files(model_pkl=pickle.dumps(1)), "'model.pkl' is not one of")
    yield Attack("pickle in the model's place", pickled_model, "no pickle is ever taken")
    for name, kind in (
        ("symbolic link", tarfile.SYMTYPE),
        ("hard link", tarfile.LNKTYPE),
        ("character device", tarfile.CHRTYPE),
        ("block device", tarfile.BLKTYPE),
        ("named pipe", tarfile.FIFOTYPE),
    ):
        link = member("model.ubj", kind, "/etc/passwd")
        yield Attack(name, with_member(link, instead="model.ubj"), "'model.ubj' is not one of the regular files")
    yield Attack("a file twice", with_member(member("model.ubj")), "once each")
    yield Attack("a file twice by another spelling", with_member(member("./model.ubj")), "once each")
    yield Attack("bomb by size", lambda world: deliver(world, bomb()), "unpacks to more than")
    yield Attack("bomb by count", crowd, "'.' is not one of")
    yield Attack("bomb by a long name", lambda world: deliver(world, bomb(tarfile.GNUTYPE_LONGNAME)), "unpacks to more")
    yield Attack("bomb by a long header", lambda world: deliver(world, bomb(tarfile.XHDTYPE)), "unpacks to more than")
    yield Attack("truncated", truncated, "can't be read")
    yield Attack("no archive", lambda world: deliver(world, b"#!/bin/sh"), "can't be read")
    yield Attack("swapped file", with_files(model_ubj=b"{evil"), "manifest.json promises")
    yield Attack("deeply nested JSON", with_files(manifest_json=b"[" * 100_000), "is no JSON")


def _origins() -> Iterator[Attack]:
    yield Attack("overwritten after the job", swapped_before, "has 2 versions")
    yield Attack("planted before the job", planted, "has 2 versions")
    yield Attack("deleted and written anew", erased, "has 3 versions")
    yield Attack("written after a job that left nothing", late, "and the job ran from")
    yield Attack("another's manifest, replayed", of_another_model, "its manifest is for 'card-anomaly'")
    yield Attack("manifest of other data", with_manifest(data_manifest_sha256="0" * 64), "its manifest names the data")
    yield Attack("data changed afterwards", other_data, "its manifest names the data")
    yield Attack("manifest of other hyperparameters", with_manifest(hyperparameters={"max_depth": 9}), "max_depth='6'")
    yield Attack("own command in our image", with_job(entrypoint=("sh", "-c", "x")), "own entry point")
    yield Attack("code by environment", with_job(environment={"PYTHONPATH": "/opt/ml/input"}), "sets 'PYTHONPATH'")
    yield Attack("own image", with_job(image=IMAGE.replace(REPOSITORY, "evil.example/x")), "its image is")
    yield Attack("image by tag", with_job(image=f"{REPOSITORY}:latest"), "its image is")
    yield Attack("with a network", with_job(network_isolated=False), "without network isolation")
    yield Attack("nobody's job", with_job(tags={"atoll:model": MODEL}), "its tag atoll:uid")
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


ATTACKS = [*_archives(), *_origins(), *_gates(), *_seals()]


def tried() -> list[dict[str, Any]]:
    """Carry out every attack; return name, whether it was refused, and the platform's words for it."""
    found = []
    for attack in ATTACKS:
        world = under_attack()
        answer = attack.mount(world)
        found.append({"attack": attack.name, "refused": attack.says in answer and untouched(world), "reason": answer})
    return found


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
        and all(name.startswith("back-") for name in world.change_sets.executed)
    )
