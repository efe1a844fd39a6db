"""`verify-audit` names the first break, whichever way somebody tampered."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from unittest.mock import Mock

import pytest
from botocore.exceptions import ClientError

from compliance.__main__ import main
from lambdas.release.chain import ChainedAudit, link_body, link_key
from lambdas.release.records import AuditEntry
from tests.fakes.audit import FakeAuditStore
from tests.fakes.release import MODEL, NOON

COUNT = 4
ANN = sha256(b"ann").hexdigest()[:8]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of an honest record of four entries."""
    store = FakeAuditStore()
    for second in range(COUNT):
        at = NOON + timedelta(seconds=second)
        ChainedAudit(store).write(AuditEntry(model=MODEL, subject="s", what="released", at=at, who="ann"))
    for key, body in store.objects.items():
        (tmp_path / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / key).write_bytes(body)
    return tmp_path


def entry(number: int) -> str:
    return f"audit/outcomes/{MODEL}/s/20261123T12000{number - 1}Z-released-{ANN}.json"


def link(number: int) -> str:
    return link_key(MODEL, number)


def change_entry(root: Path) -> None:
    (root / entry(2)).write_text((root / entry(2)).read_text().replace("ann", "eve"))


def remove_entry(root: Path) -> None:
    (root / entry(2)).unlink()


def add_entry(root: Path) -> None:
    (root / entry(9)).write_text("{}")


def remove_link(root: Path) -> None:
    (root / link(2)).unlink()


def change_link(root: Path) -> None:
    """Hide a changed entry by an honest hash of it: the next link gives it away."""
    change_entry(root)
    former = (root / link(1)).read_bytes()
    (root / link(2)).write_bytes(link_body(2, entry(2), (root / entry(2)).read_bytes(), former))


def swap_links(root: Path) -> None:
    second, third = (root / link(2)).read_bytes(), (root / link(3)).read_bytes()
    (root / link(2)).write_bytes(third)
    (root / link(3)).write_bytes(second)


def link_twice(root: Path) -> None:
    last = (root / link(COUNT)).read_bytes()
    (root / link(COUNT + 1)).write_bytes(link_body(COUNT + 1, entry(1), (root / entry(1)).read_bytes(), last))


def write_nonsense(root: Path) -> None:
    (root / link(2)).write_bytes(b"[]")


TAMPERING: dict[Callable[[Path], None], str] = {
    change_entry: f"changed entry: {entry(2)}",
    remove_entry: f"missing entry: {entry(2)}",
    add_entry: f"unlinked entry: {entry(9)}",
    remove_link: f"missing link: {link(2)}",
    change_link: f"changed link: the one before it is not what it was ({link(3)})",
    swap_links: f"reordered: it is number 3 in place 2, for {entry(3)}",
    link_twice: f"reordered: it is number {COUNT + 1} in place {COUNT + 1}, for {entry(1)}",
    write_nonsense: f"changed link: it is none of ours ({link(2)})",
}


def verify(root: Path) -> int:
    return main(["verify-audit", "--folder", str(root)])


def test_an_honest_record_passes(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(copy) == 0
    assert f"{COUNT} entries, {COUNT} links: the record is as it was written" in capsys.readouterr().out


@pytest.mark.parametrize("tamper", TAMPERING, ids=lambda tamper: getattr(tamper, "__name__", ""))
def test_tampering_is_found_and_the_first_break_named(
    tamper: Callable[[Path], None], copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tamper(copy)
    assert verify(copy) == 1
    assert capsys.readouterr().out.startswith(TAMPERING[tamper])


def test_a_tail_cut_off_for_good_is_seen_by_a_head_that_was_kept(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = f"{MODEL}={COUNT}:{sha256((copy / link(COUNT)).read_bytes()).hexdigest()}"
    assert main(["verify-audit", "--folder", str(copy), "--head", head]) == 0
    (copy / link(COUNT)).unlink()
    (copy / entry(COUNT)).unlink()
    assert verify(copy) == 0  # the chain alone can't tell
    assert main(["verify-audit", "--folder", str(copy), "--head", head]) == 1
    assert f"cut off: {link(COUNT)} is gone" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["verify-audit", "--folder", str(copy), "--head", "nonsense"])


def test_a_record_without_entries_is_no_proof(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(tmp_path) == 1
    assert "is it the right place?" in capsys.readouterr().out


def test_a_bucket_that_may_not_be_read_is_no_verdict(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"Error": {"Code": "AccessDenied", "Message": "no identity-based policy allows s3:ListBucketVersions"}}
    monkeypatch.setattr("compliance.audit.check", Mock(side_effect=ClientError(refusal, "ListObjectVersions")))

    with pytest.raises(SystemExit) as ended:
        main(["verify-audit", "--bucket", "audit"])

    assert ended.value.code == 2
    assert "no identity-based policy allows s3:ListBucketVersions" in capsys.readouterr().err


def test_a_copy_is_only_read(copy: Path) -> None:
    from compliance.audit import FolderStore  # noqa: PLC0415 - only here

    with pytest.raises(NotImplementedError, match="to a copy"):
        FolderStore(copy).put("audit/x", b"")
    assert json.loads((copy / link(1)).read_bytes())["number"] == 1
