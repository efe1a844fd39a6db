"""The audit record: the same tests run over the store in memory and over S3 on moto."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from compliance.audit import main
from lambdas.release.adapters.s3_audit import S3AuditStore
from lambdas.release.chain import AuditStore, ChainedAudit, entry_body
from lambdas.release.records import AuditEntry
from lambdas.release.verifying import breaks
from tests.fakes.audit import FakeAuditStore
from tests.fakes.release import MODEL, NOON

ENTRY = AuditEntry(model=MODEL, subject="r-by-ann-1", what="requested", at=NOON, who="ann", details={"hash": "e"})
LATER = replace(ENTRY, at=NOON + timedelta(seconds=1))
ANN = sha256(b"ann").hexdigest()[:8]
KEYS = [f"audit/requests/{MODEL}/r-by-ann-1/20261123T12000{n}Z-requested-{ANN}.json" for n in (0, 1)]


@pytest.fixture(params=["fake", "adapter"])
def store(request: pytest.FixtureRequest) -> AuditStore:
    if request.param == "fake":
        return FakeAuditStore()
    s3 = request.getfixturevalue("buckets")
    s3.put_bucket_versioning(Bucket="audit", VersioningConfiguration={"Status": "Enabled"})
    return S3AuditStore(s3, bucket="audit")


def test_an_object_is_written_once_and_listed_in_order(store: AuditStore) -> None:
    assert [store.put(key, key.encode()) for key in ("p/b", "p/a", "p/b", "q/a")] == [True, True, False, True]
    assert store.get("p/b") == b"p/b"
    assert store.keys("p/") == ["p/a", "p/b"]
    assert store.keys("p/", "p/a") == ["p/b"]
    assert store.keys("r/") == []


def test_an_entry_stays_as_it_was_and_is_linked_once(store: AuditStore) -> None:
    log = ChainedAudit(store, home="123456789012/us-gov-west-1", stack=lambda model: f"arn:of-{model}")
    for entry in (ENTRY, replace(ENTRY, details={"hash": "f"}), LATER):
        log.write(entry)
    assert store.keys("audit/") == KEYS
    body = json.loads(store.get(KEYS[0]))
    assert (body["who"], body["what"]) == ("ann", "requested")
    assert body["details"] == {"hash": "e", "stack": f"arn:of-{MODEL}"}
    assert (body["schema"], body["home"]) == (2, "123456789012/us-gov-west-1")
    assert [json.loads(store.get(link))["entry"] for link in store.keys("chain/")] == KEYS
    assert list(breaks(store)) == []
    assert log.recorded(MODEL, "requests", "r-by-ann-1") == [("requested", NOON), ("requested", LATER.at)]
    assert log.recorded(MODEL, "requests", "r-by-ann") == []


def test_two_people_who_do_the_same_within_a_second_leave_two_entries(store: AuditStore) -> None:
    log = ChainedAudit(store)
    for who in ("bob", "carol", "bob"):
        log.write(replace(ENTRY, what="execution_denied", who=who))
    assert sorted(json.loads(store.get(key))["who"] for key in store.keys("audit/executions/")) == ["bob", "carol"]
    assert list(breaks(store)) == []


def test_an_entry_that_lies_where_its_kind_does_not_is_no_input_and_is_named(store: AuditStore) -> None:
    log = ChainedAudit(store, home="here")
    log.write(ENTRY)
    forged = KEYS[0].replace("Z-requested", "Z-executed")  # by who may write below audit/requests/
    assert store.put(forged, entry_body(replace(ENTRY, what="executed"), "here"))
    assert [entry.what for entry in log.history(MODEL)] == ["requested"]
    told = f"misplaced entry: {forged} lies where entries of its kind don't"
    assert log.rewritten() == [told]
    assert told in breaks(store)


def test_a_reason_is_read_where_the_approver_left_it(store: AuditStore) -> None:
    assert ChainedAudit(store).reason(MODEL, "r-by-ann-1") is None
    store.put(f"reasons/{MODEL}/r-by-ann-1.json", b'{"reason": "too old", "release": "r-by-ann-1"}')
    assert ChainedAudit(store).reason(MODEL, "r-by-ann-1") == "too old"


def test_what_a_crash_left_without_a_link_is_linked_later(store: AuditStore) -> None:
    log = ChainedAudit(store)
    log.write(ENTRY)
    store.put(KEYS[1], b"{}")
    assert "unlinked entry" in next(breaks(store))
    assert log.mend() == [KEYS[1]]
    assert (log.mend(), list(breaks(store))) == ([], [])


def test_what_was_written_first_counts_also_over_a_delete_marker(
    buckets: Any,  # noqa: ANN401 - a boto3 client
) -> None:
    buckets.put_bucket_versioning(Bucket="audit", VersioningConfiguration={"Status": "Enabled"})
    store = S3AuditStore(buckets, bucket="audit")
    log = ChainedAudit(store, home="here")
    log.write(ENTRY)
    assert log.rewritten() == []
    buckets.delete_object(Bucket="audit", Key=KEYS[0])
    assert S3AuditStore(buckets, bucket="audit").put(KEYS[0], b"another")  # S3 looks at the current version only
    buckets.put_object(Bucket="audit", Key=f"chain/{MODEL}/00000001.json", Body=b"another")
    fresh = ChainedAudit(S3AuditStore(buckets, bucket="audit"), home="here")
    assert [entry.who for entry in fresh.history(MODEL)] == ["ann"]
    assert list(breaks(S3AuditStore(buckets, bucket="audit"))) == []
    assert fresh.rewritten() == [
        f"deleted: {KEYS[0]} has a delete marker",
        f"rewritten: {KEYS[0]} has 2 versions, expected one",
        f"rewritten: chain/{MODEL}/00000001.json has 2 versions, expected one",
    ]


def test_a_record_that_can_not_be_written_is_an_error(aws: Callable[..., Any]) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        ChainedAudit(S3AuditStore(aws("s3"), bucket="nowhere")).write(ENTRY)


def test_two_writes_at_the_same_moment_are_told_apart(aws: Callable[..., Any]) -> None:
    client = aws("s3")
    with Stubber(client) as answers:
        answers.add_client_error("put_object", "ConditionalRequestConflict", http_status_code=409)
        assert S3AuditStore(client, bucket="audit").put("k", b"") is False


def test_the_command_judges_a_bucket_and_finds_what_object_lock_kept(
    buckets: Any,  # noqa: ANN401 - a boto3 client
    capsys: pytest.CaptureFixture[str],
) -> None:
    buckets.put_bucket_versioning(Bucket="audit", VersioningConfiguration={"Status": "Enabled"})
    log = ChainedAudit(S3AuditStore(buckets, bucket="audit"))
    log.write(ENTRY)
    log.write(LATER)
    assert main(["--bucket", "audit"]) == 0
    assert "2 entries, 2 links: the record is as it was written" in capsys.readouterr().out
    for key in (KEYS[1], f"chain/{MODEL}/00000002.json"):  # cut off the end: the chain alone could not tell
        buckets.delete_object(Bucket="audit", Key=key)
    buckets.put_object(Bucket="audit", Key=KEYS[0], Body=buckets.get_object(Bucket="audit", Key=KEYS[0])["Body"].read())
    assert main(["--bucket", "audit"]) == 1
    told = capsys.readouterr().out
    assert f"rewritten: {KEYS[0]} has 2 versions" in told
    assert f"deleted: {KEYS[1]} has a delete marker" in told
