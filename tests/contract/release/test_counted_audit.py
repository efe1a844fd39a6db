"""Each transition leaves a metric beside its audit record, without a call to CloudWatch."""

import json
from typing import Any

import pytest

from lambdas.release.adapters.counted_audit import CountedAudit
from lambdas.release.adapters.s3_audit import S3AuditStore
from lambdas.release.records import AuditEntry
from tests.fakes.release import MODEL, NOON

ENTRY = AuditEntry(model=MODEL, subject="r-by-ann-1", what="requested", at=NOON, who="ann")


def test_a_transition_is_recorded_and_counted(buckets: Any, capsys: pytest.CaptureFixture[str]) -> None:  # noqa: ANN401
    CountedAudit(S3AuditStore(buckets, bucket="audit")).write(ENTRY)
    (line,) = capsys.readouterr().out.splitlines()
    found = json.loads(line)
    assert (found["Model"], found["What"], found["Transitions"]) == (MODEL, "requested", [1.0])
    (told,) = found["_aws"]["CloudWatchMetrics"]
    assert (told["Namespace"], sorted(told["Dimensions"][0])) == ("Atoll", ["Model", "What"])
    assert buckets.list_objects_v2(Bucket="audit", Prefix="audit/")["KeyCount"] == 1
