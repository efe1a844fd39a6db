"""`python -m compliance verify-audit`: is the audit record as it was written?"""

import argparse
import re
from collections.abc import Sequence
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.release.adapters.s3_audit import S3AuditStore
from lambdas.release.chain import AuditStore, ChainedAudit
from lambdas.release.verifying import breaks, head_problem

_ABOUT = """\
Checks the audit record's hash chain (docs/contracts.md, "Audit chain"): per model the links 1, 2, 3, ... each with the
hash of its entry and of the link before it, and no entry without a link. The first break is named: missing link,
changed link, reordered, missing entry, changed entry, unlinked entry. In a bucket, which is under Object Lock and keeps
every version, an object that was written again or deleted is named too; of a folder, that can't be seen. That the
newest links and entries were cut off for good, only a head shows that was kept elsewhere: give it with --head."""


class FolderStore:
    """`AuditStore` over a copy of the bucket in a folder, to read only."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, body: bytes) -> bool:
        """Refuse: a copy is only read."""
        raise NotImplementedError(f"{key} ({len(body)} bytes) can't be written to a copy of the record")

    def get(self, key: str) -> bytes:
        """Return a file's bytes."""
        return (self._root / key).read_bytes()

    def keys(self, prefix: str, after: str = "") -> list[str]:
        """Return the files below a prefix as keys, in the order of S3, those behind `after` only."""
        files = (path.relative_to(self._root).as_posix() for path in self._root.rglob("*") if path.is_file())
        return sorted(key for key in files if key.startswith(prefix) and key > after)

    def rewritten(self, prefix: str) -> list[str]:  # noqa: ARG002 - the store's own signature
        """Return nothing: a copy has the current versions only."""
        return []


def check(bucket: str | None, folder: Path | None, heads: Sequence[tuple[str, str]] = ()) -> tuple[list[str], int, int]:
    """Check a bucket, or else a copy of it in a folder; return the breaks and the numbers of entries and links.

    `heads` are those that were told earlier, per model.

    Raises:
        BotoCoreError, ClientError: the bucket can't be read.
    """
    if bucket:
        store: AuditStore = S3AuditStore(boto3.client("s3"), bucket=bucket)
    else:
        store = FolderStore(folder or Path())
    found = [*breaks(store), *ChainedAudit(store).rewritten()]
    found += filter(None, (head_problem(store, model, head) for model, head in heads))
    entries, links = (len(store.keys(f"{place}/")) for place in ("audit", "chain"))
    if not entries:
        found.append(f"no entry below audit/ in {bucket or folder}; is it the right place?")
    return found, entries, links


def _head(text: str) -> tuple[str, str]:
    """Read a head as it was told.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not (found := re.fullmatch(r"([^=]+)=(\d+:[0-9a-f]{64})", text)):
        raise argparse.ArgumentTypeError(f"{text!r} is no head, expected <model>=<number>:<64 hex digits>")
    return found[1], found[2]


def main(arguments: Sequence[str]) -> int:
    """Check a bucket or a folder, print each break, and return 1 when there is one; an empty record is one too.

    Where the bucket can't be read, it exits with 2: nothing is known then.
    """
    parser = argparse.ArgumentParser(
        prog="python -m compliance verify-audit",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--bucket", help="output AuditBucket of Atoll-Foundation; read with the caller's credentials")
    where.add_argument("--folder", type=Path, help="a copy of the bucket (aws s3 sync s3://<bucket> <folder>)")
    parser.add_argument(
        "--head",
        type=_head,
        action="append",
        default=[],
        metavar="MODEL=NUMBER:SHA256",
        help="where a model's chain ended, as the daily mail or the reconciler's log told it; may be given often",
    )
    given = parser.parse_args(arguments)
    try:
        found, entries, links = check(given.bucket, given.folder, given.head)
    except (BotoCoreError, ClientError) as error:
        parser.exit(
            2, f"Not checked: {error}. The output AuditBucket names the bucket; the role Auditor may read it.\n"
        )
    print(*found, sep="\n", end="\n" if found else "")  # noqa: T201 - the command's answer
    verdict = f"{len(found)} break(s)" if found else "the record is as it was written"
    print(f"{entries} entries, {links} links: {verdict}")  # noqa: T201
    return 1 if found else 0
