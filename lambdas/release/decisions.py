"""What the release path decides, without touching anything: records in, a verdict out."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lambdas.release.records import HALT, HOME, Release, Serving, Stack, Told, Version, is_release_id, submitter_of

TOLERANCE = 1e-6

_ANSWERS = {"refused", "rejected", "expired", "superseded", "executing", "released", "rolled_back"}
_NEXT = {
    "registered": {"requested", *_ANSWERS},  # people may be faster than the tag
    "requested": _ANSWERS,
    "executing": {"released", "rolled_back"},
    "released": {"superseded", "rolled_back"},
    "superseded": {"released"},
}


_WAITING = {"registered", "requested"}
_ALIVE = {"requested", "executing", "released"}
OVER = {"refused", "rejected", "expired", "rolled_back", "superseded"}  # nobody may execute such a version's release


@dataclass(frozen=True)
class Nothing:
    """Nothing has to be done; `why` is for the log."""

    why: str


@dataclass(frozen=True)
class Accept:
    """The endpoint serves this version as released: try it, then make it the champion."""

    version: Version


@dataclass(frozen=True)
class RolledBack:
    """This version was tried and the endpoint does not serve it."""

    version: Version
    reason: str


@dataclass(frozen=True)
class Expel:
    """The endpoint serves this version, which must not: it was turned down, or its own submitter approved it."""

    version: Version
    reason: str


@dataclass(frozen=True)
class Stopped:
    """Nothing serves any more: this champion was stopped."""

    champion: Version


@dataclass(frozen=True)
class Stop:
    """The endpoint is cut off, or gone, while its stack still names a release: a stop makes the stack agree."""

    reason: str


@dataclass(frozen=True)
class Remains:
    """The stack names no release, and an endpoint serves: CloudFormation could not delete it, and has forgotten it."""

    reason: str


Verdict = Nothing | Accept | Expel | Stopped | Stop | Remains


def may_become(state: str, new: str) -> bool:
    """Say whether a version in `state` may move to `new`: events come twice and out of order, states never go back."""
    return new in _NEXT.get(state, set())


def twin_of(version: Version, others: Iterable[Version]) -> Version | None:
    """Return another version with the very same files that was asked for, is being released or serves; else None."""
    same = (
        o for o in others if o.tag("manifest_sha256") == version.tag("manifest_sha256") and o.number != version.number
    )
    asked = (o for o in same if o.state in _ALIVE or (o.state == "registered" and o.tag("release_id")))
    return next(asked, None)


def version_of_release(name: str, versions: Sequence[Version]) -> Version | None:
    """Return the version that was requested under this release id; no two share one."""
    return next((v for v in versions if name and v.tag("release_id") == name), None)


def attempted(stack: Stack, versions: Sequence[Version]) -> Version | None:
    """Return the version that somebody tried to release by the stack's last operation; None when there is none.

    After a rollback the stack's parameters name the former release: the change set executed last knows better, and
    where CloudFormation no longer tells it, the version whose execution CloudTrail reported. A request that an operator
    brought up alone was not tried: it waits on.
    """
    if is_release_id(stack.last_change_set):
        return next((v for v in versions if is_of(stack, v)), None)
    return next((v for v in versions if v.state == "executing"), None)


def fallen(stack: Stack, serving: Serving | None, versions: Iterable[Version]) -> list[RolledBack]:
    """Return the versions that were tried and do not serve, now that the stack has settled."""
    reason = (serving.failure_reason if serving else "") or stack.reason or "the endpoint does not serve the release"
    return [
        RolledBack(version, f"{reason} (stack {stack.status})")
        for version in versions
        if version.state == "executing" or (version.state in _WAITING and is_of(stack, version))
        if not holds(stack, serving, version)
    ]


def holds(stack: Stack, serving: Serving | None, version: Version) -> bool:
    """Say whether a version serves and is to stay: it came up, or another's release failed while it served."""
    another = stack.last_change_set != "" and not is_of(stack, version)
    return serves(serving, version) and (stack.went_forward or (another and stack.can_change))


def is_of(stack: Stack, version: Version) -> bool:
    """Say whether the stack's last operation was a change set by which this version's release was asked for."""
    return stack.change_set in version.change_sets


def settle(stack: Stack, serving: Serving | None, versions: Iterable[Version], champion: Version | None) -> Verdict:
    """Compare what a settled stack's endpoint serves with the registry, and believe the endpoint."""
    if stack.can_change and (cut_off := _cut_off(stack, serving)):
        return cut_off
    version = next((v for v in versions if serves(serving, v)), None)
    if version is None:
        if champion and serving is None and stack.can_change:
            return Stopped(champion)
        return Nothing("no version of ours serves")
    if (reason := unfit(version)) and stack.can_change:
        return Expel(version, reason)
    if version.state == "released" and champion and champion.number == version.number:
        return Nothing(f"version {version.number} is released already")
    return Accept(version) if holds(stack, serving, version) else Nothing(f"the stack is {stack.status}")


def _cut_off(stack: Stack, serving: Serving | None) -> Stop | Remains | None:
    """Say where stack and endpoint disagree about whether anything serves; None where they agree."""
    if serving is None:
        return Stop("the endpoint is gone and its stack names a release") if stack.release_id else None
    if not stack.release_id:
        return Remains(f"the endpoint is {serving.status}, and its stack has no release: it was not deleted")
    return Stop("an operator refuses all callers of the endpoint") if serving.refuses else None


def unfit(version: Version) -> str | None:
    """Return why a version must not serve, whatever brought it up; None when nothing is held against it."""
    if version.state in {"refused", "rejected", "expired", "rolled_back"}:
        return version.tag("reason") or f"it is {version.state}"
    if same_person(version):
        return version.tag("reason") or f"{version.tag('approver')} submitted it and executed its release"
    return None


def was_approved(version: Version) -> bool:
    """Say whether a version may be brought back: another person executes it, or it was crowned."""
    approved = version.state in {"executing", "released"} or version.tag("crowned")
    return bool(approved) and unfit(version) is None


def serves(serving: Serving | None, version: Version) -> bool:
    """Say whether an endpoint is in service with exactly this version's release."""
    return (
        serving is not None
        and serving.status == "InService"
        and serving.release_id == version.tag("release_id")
        and serving.manifest_sha256 == version.tag("manifest_sha256")
        and serving.version == version.number
        and serving.image_digest == version.tag("serving_image_digest")
    )


def golden_problem(expected: Sequence[float], answered: Sequence[float], told: Told) -> str | None:
    """Return how the endpoint's answers differ from the golden scores by more than 1e-6; None when they don't.

    Rounded scores may differ by their rounding besides; labels must be those of the golden scores.

    Raises:
        ValueError: the endpoint's environment names no decimals, or no threshold.
    """
    if not expected or len(expected) != len(answered):
        return f"the endpoint gave {len(answered)} scores for {len(expected)} golden rows"
    pairs = zip(expected, answered, strict=True)
    worst = max(_difference(e, a, told) if math.isfinite(e) and math.isfinite(a) else math.inf for e, a in pairs)
    allowed = TOLERANCE + (10 ** -int(told.decimals) / 2 if told.decimals else 0)
    return f"a golden row's score is off by {worst:g}, at most {allowed:g} is allowed" if worst > allowed else None


def _difference(expected: float, answered: float, told: Told) -> float:
    """Return how far an answer is off; a wrong label is off by 1, unless the score is at the threshold itself."""
    if not told.threshold:
        return abs(expected - answered)
    beyond = expected - float(told.threshold)
    return 0.0 if abs(beyond) <= TOLERANCE else abs((beyond > 0) - answered)


def same_person(version: Version) -> bool:
    """Say whether the one who submitted a version executed its release."""
    return version.tag("approver") != "" and version.tag("approver") == submitter_of(version.tag("release_id"))


def superseded_by(released: Version, versions: Iterable[Version]) -> list[Version]:
    """Return the version that a release makes obsolete, the former champion; requests end in waiting.py."""
    return [v for v in versions if v.number != released.number and v.state == "released"]


def former(champion: Version | None, failed: Version, versions: Iterable[Version]) -> Version | None:
    """Return the version that serves again when one fails: the champion, or the one that it had replaced."""
    if champion and champion.number != failed.number:
        return champion if was_approved(champion) else None
    replaced = [v for v in versions if champion and v.number == failed.tag("replaced") and was_approved(v)]
    return replaced[0] if replaced else None


def way_back(former: Version | None, failed: Version) -> tuple[str, Release]:
    """Return stem and parameters of the change set that takes a failed release out of service.

    It restores the former release with the image of that time; without one it stops the endpoint.
    """
    suffix = f"from-v{failed.number}-{failed.tag('manifest_sha256')[:12]}"
    return (f"{HOME}{suffix}", release_of(former)) if former else (f"{HALT}{suffix}", Release())


def release_of(version: Version) -> Release:
    """Return the parameters under which a version was requested."""
    return Release(
        image_digest=version.tag("serving_image_digest"),
        manifest_sha256=version.tag("manifest_sha256"),
        version=version.number,
        release_id=version.tag("release_id"),
    )
