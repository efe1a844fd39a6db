"""MLflow's own request counts as CloudWatch metrics: a line a minute on standard output, in embedded metric format.

The workers keep their counts in files of a shared folder (Prometheus' multiprocess mode), which are read here, so that
no user and no password is needed. CloudWatch Logs makes metrics of such lines by itself:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
Counted is what MLflow's Flask application answers, `/health` and `/version` excepted.
"""

import json
from dataclasses import dataclass
from pathlib import Path

NAMESPACE = "Atoll/Tracking"
SERVICE = "mlflow"
"""The one dimension's value: all replicas and deployments of an account's region count together."""

_COUNTS = "mlflow_http_request_total"
_SECONDS = "mlflow_http_request_duration_seconds_sum"
_CLIENT, _SERVER, _ABOVE = 400, 500, 600


@dataclass(frozen=True)
class Totals:
    """What all workers answered since the container's start; `seconds` is the time that it took together."""

    requests: int = 0
    client_errors: int = 0
    server_errors: int = 0
    seconds: float = 0.0

    def since(self, former: "Totals") -> "Totals":
        """What came after `former`."""
        return Totals(
            self.requests - former.requests,
            self.client_errors - former.client_errors,
            self.server_errors - former.server_errors,
            self.seconds - former.seconds,
        )


def read_totals(folder: Path) -> Totals:
    """Add up what the workers wrote into `folder`."""
    from prometheus_client import CollectorRegistry  # noqa: PLC0415 - `migrate` counts nothing
    from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - the same

    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    samples = [sample for family in registry.collect() for sample in family.samples]
    counts = [(int(each.labels["status"]), int(each.value)) for each in samples if each.name == _COUNTS]
    return Totals(
        requests=sum(count for _, count in counts),
        client_errors=sum(count for status, count in counts if _CLIENT <= status < _SERVER),
        server_errors=sum(count for status, count in counts if _SERVER <= status < _ABOVE),
        seconds=sum(each.value for each in samples if each.name == _SECONDS),
    )


def metric_line(recent: Totals, *, timestamp_ms: int) -> str:
    """Write what was answered recently as one line of embedded metric format; the mean time only where there is one."""
    values: dict[str, tuple[str, float]] = {
        "Requests": ("Count", recent.requests),
        "ClientErrors": ("Count", recent.client_errors),
        "ServerErrors": ("Count", recent.server_errors),
    }
    if recent.requests:
        values["MeanLatency"] = ("Milliseconds", round(1000 * recent.seconds / recent.requests, 1))
    metrics = [{"Name": name, "Unit": unit} for name, (unit, _) in values.items()]
    directive = {"Namespace": NAMESPACE, "Dimensions": [["Service"]], "Metrics": metrics}
    body = {"_aws": {"Timestamp": timestamp_ms, "CloudWatchMetrics": [directive]}, "Service": SERVICE}
    return json.dumps(body | {name: value for name, (_, value) in values.items()})
