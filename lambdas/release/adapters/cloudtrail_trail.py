"""Calls of CloudFormation and SageMaker, looked up in CloudTrail."""

import json
from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import Any

MOST = 2000
"""Calls that one look-up reads: twenty seconds, for LookupEvents answers fifty of them twice a second
(https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html)."""


class CloudTrailTrail:
    """`ports.Trail` over a boto3 `cloudtrail` client. LookupEvents shows an event within about 15 minutes."""

    def __init__(self, cloudtrail: Any) -> None:  # noqa: ANN401 - boto3 makes its clients at run time
        self._cloudtrail = cloudtrail

    def calls(self, name: str, since: datetime, until: datetime | None = None) -> list[Mapping[str, Any]]:
        """Return CloudTrail's records of the calls of an operation that succeeded, the oldest first.

        Of the newest `MOST` calls, those that were refused among them: LookupEvents can't leave them out.
        """
        wanted = [{"AttributeKey": "EventName", "AttributeValue": name}]
        times = {"StartTime": since} | ({"EndTime": until} if until else {})
        pages = self._cloudtrail.get_paginator("lookup_events").paginate(LookupAttributes=wanted, **times)
        events = (event for page in pages for event in page["Events"])
        found = [json.loads(event["CloudTrailEvent"]) for event in islice(events, MOST)]
        succeeded = (call for call in found if "errorCode" not in call and call.get("requestParameters"))
        oldest_first = list(succeeded)[::-1]  # LookupEvents has the newest first, and its times end at seconds
        return sorted(oldest_first, key=lambda call: call["eventTime"])
