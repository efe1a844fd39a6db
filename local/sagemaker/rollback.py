"""What ends a deployment before it takes over: an alarm of its own, whichever fleet rang it.

"Auto-Rollback Configuration and Monitoring" warns that an alarm tripped by the old fleet ends and rolls back a
deployment, too: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
Here the alarms are looked at once, when the new servers are ready; there is no time of baking on one machine. The
endpoint is then in service on the old configuration, without a reason.
"""

from local.sagemaker import emulator
from local.sagemaker.records import Record

_DESCRIBE = "GraniteServiceVersion20100801.DescribeAlarms"


def tripped(params: Record) -> list[str]:
    """The alarms of a deployment that ring, by name."""
    watched = params.get("DeploymentConfig", {}).get("AutoRollbackConfiguration", {}).get("Alarms", [])
    if not watched:
        return []
    found = emulator.call("monitoring", _DESCRIBE, {"AlarmNames": [each["AlarmName"] for each in watched]})
    return [each["AlarmName"] for each in found.get("MetricAlarms", []) if each["StateValue"] == "ALARM"]
