"""Drift reports in S3, and the metric that the alarm watches."""

import json
from collections.abc import Mapping
from typing import Any

from lambdas.monitoring.ports import Batch


class CloudWatchReports:
    """`ports.Reports` over boto3 clients."""

    def __init__(self, *, s3: Any, cloudwatch: Any, data_bucket: str) -> None:  # noqa: ANN401 - boto3's clients
        self._s3 = s3
        self._cloudwatch = cloudwatch
        self._bucket = data_bucket

    def write(self, batch: Batch, report: Mapping[str, Any]) -> str:
        """Write the report of a batch, over an earlier one of the same batch; return its address."""
        key = f"monitoring/{batch.model}/{batch.job}/report.json"
        body = json.dumps(report, sort_keys=True, indent=2).encode()
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/json")
        return f"s3://{self._bucket}/{key}"

    def measure(self, model: str, drift: float) -> None:
        """Put the metric `Drift` of a model."""
        datum = {
            "MetricName": "Drift",
            "Dimensions": [{"Name": "Model", "Value": model}],
            "Value": drift,
            "Unit": "None",
        }
        self._cloudwatch.put_metric_data(Namespace="Atoll", MetricData=[datum])
