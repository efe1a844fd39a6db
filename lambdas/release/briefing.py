"""What an approver needs to decide on a release: figures against the champion, data, papers, and what changes."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from lambdas.release import documents, known, moved
from lambdas.release.gate import METRIC
from lambdas.release.lift import CHAMPION, RULES, lift_told, mapping
from lambdas.release.ports import World
from lambdas.release.records import Release, Version, stack_of

MAXIMUM_DESCRIPTION = 1024  # of a change set
MAXIMUM_NAME = 40  # of a slice, in the line
_NO_WORD = re.compile(r"[^A-Za-z0-9 _=.,&'()/-]")
_LINEAGE = ("manifest_sha256", "data_manifest_sha256", "code_sha256", "image_digest", "serving_image_digest")


def line(world: World, version: Version, metrics: Mapping[str, object], at: datetime) -> str:
    """Return a candidate in one line, which is its change set's description; `at` is when it is asked for.

    Facts come first, and names that come with the data last and through a pattern: nobody can write a line of the own.
    """
    compared = metrics.get("champion")
    former = f"champion {_figure(compared)} on the same rows" if isinstance(compared, dict) else "no champion yet"
    text = (
        f"{version.model} v{version.number}: {METRIC} {_figure(metrics)} ({former})"
        f"{''.join(lift_told(metrics.get('lift'), other) for other in (RULES, CHAMPION))}; "
        f"data {_hash(version.tag('data_manifest_sha256'))}; by {version.tag('submitter')}"
        f"{', from a sealed archive that was moved here' if version.job.startswith(moved.PREFIX) else ''}; "
        f"card {address(world, version, documents.CARD)}; "
        f"expires {at + timedelta(days=world.settings.request_expires_after_days):%Y-%m-%d}{worst_slice(metrics)}"
    )
    return text[:MAXIMUM_DESCRIPTION]


def text(world: World, version: Version, release: Release, summary: str) -> str:
    """Return the message to approvers: the line, what changes, where the papers are, and what to type."""
    region = world.settings.region
    target = f"--stack-name {stack_of(version.model)} --change-set-name {release.release_id} --region {region}"
    changes = "\n".join(f"  {line}" for line in difference(known.champion(world, version.model), version))
    return (
        f"{summary}\nManifest sha256 {release.manifest_sha256}\nServing image {release.image_digest}\n"
        f"Impact assessment {address(world, version, documents.ASSESSMENT)} (people answer its open questions)\n\n"
        f"What changes:\n{changes}\n\n"
        f"Another person than {version.tag('submitter')} reads it:\n  python -m releases show {release.release_id}\n"
        f"  aws cloudformation describe-change-set {target}\n"
        f"and approves it, by either:\n  python -m releases approve {release.release_id}\n"
        f"  aws cloudformation execute-change-set {target}\n"
        f"or not:\n  python -m releases reject {release.release_id}\n"
    )


def difference(former: Version | None, version: Version) -> Sequence[str]:
    """Return what a release changes against the champion, one line a fact; what stays is said as well."""
    pairs = [(name, former.tag(name) if former else "", version.tag(name)) for name in _LINEAGE]
    return [
        f"{name}: {old or 'none'} -> {new or 'none'}" if old != new else f"{name}: unchanged"
        for name, old, new in pairs
    ]


def worst_slice(metrics: Mapping[str, object]) -> str:
    """Return the slice that loses most against the champion, for the line; empty where nothing was compared."""
    slices, former = mapping(metrics.get("slices")), mapping(mapping(metrics.get("champion")).get("slices"))
    losses = [
        (_share(theirs) - _share(mine), f"{field}={value}")
        for field, values in slices.items()
        for value, mine in mapping(values).items()
        if _is_share(mine) and _is_share(theirs := mapping(former.get(field)).get(value))
    ]
    if not losses:
        return ""
    loss, name = max(losses)
    return f"; worst slice {_NO_WORD.sub('?', name)[:MAXIMUM_NAME]} {-loss:+.4f}"


def _is_share(figures: object) -> bool:
    share = mapping(figures).get(METRIC)
    return isinstance(share, float) and 0 <= share <= 1


def _share(figures: object) -> float:
    share = mapping(figures)[METRIC]
    assert isinstance(share, float)  # noqa: S101 - `_is_share` said so
    return share


def _figure(figures: Mapping[str, object]) -> str:
    share = figures.get(METRIC)
    return f"{share:.6g}" if isinstance(share, int | float) and 0 <= share <= 1 else "unknown"


def _hash(text: str) -> str:
    return text if re.fullmatch("[0-9a-f]{64}", text) else "of no known hash"


def address(world: World, version: Version, name: str) -> str:
    """Return where a document of a version lies."""
    return f"s3://{world.settings.release_bucket}/models/{version.model}/{version.tag('manifest_sha256')}/{name}"
