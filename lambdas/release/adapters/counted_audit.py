"""The audit record, with a metric beside each transition."""

from aws_lambda_powertools import single_metric
from aws_lambda_powertools.metrics import MetricUnit

from lambdas.release.chain import ChainedAudit
from lambdas.release.records import AuditEntry


class CountedAudit(ChainedAudit):
    """`audit_log.AuditLog` that counts what it writes: `Atoll` / `Transitions`, by `Model` and `What`.

    The count is a log line in CloudWatch's embedded metric format: no call, and no endpoint in the network. A retry
    after a crash counts again; the record itself does not.
    """

    def write(self, entry: AuditEntry) -> None:
        """Write an entry once and link it, then count it."""
        super().write(entry)
        with single_metric(name="Transitions", unit=MetricUnit.Count, value=1, namespace="Atoll") as metric:
            metric.add_dimension(name="Model", value=entry.model)
            metric.add_dimension(name="What", value=entry.what)
