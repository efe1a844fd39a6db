"""How an update moves traffic to the new fleet: all at once, a canary first, or in steps, each with a time of baking.

"Blue/Green Deployments" and its pages on the three ways:
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
After each step the alarms of the deployment are watched for the baking time; one that rings brings all traffic back to
the old fleet, whichever fleet rang it ("Auto-Rollback Configuration and Monitoring" warns of it):
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
The endpoint is then in service on the old configuration, without a reason. Sizes and times:
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from local.sagemaker import clock, emulator
from local.sagemaker.errors import InvalidRequestError
from local.sagemaker.records import Record

_DESCRIBE = "GraniteServiceVersion20100801.DescribeAlarms"
_LOOK_SECONDS = 0.1
_LONGEST = 28_800
_SIZES = {"CANARY": ("CanarySize", 0.0, 0.5), "LINEAR": ("LinearStepSize", 0.1, 0.5)}


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """The shares of traffic that the new fleet takes, one after the other, and the waits (AWS's seconds)."""

    shares: tuple[float, ...]
    bake: int
    last_wait: int
    longest: int
    alarms: tuple[str, ...]

    @classmethod
    def of(cls, deployment: Record | None, instances: int) -> Self:
        """Read a deployment's configuration for a fleet of so many instances.

        Raises:
            InvalidRequestError: It has a size that AWS doesn't take, or a policy that isn't blue/green.
        """
        given = deployment or {}
        if "RollingUpdatePolicy" in given:
            raise InvalidRequestError("The local AWS doesn't know a RollingUpdatePolicy: it deploys blue/green.")
        policy = given.get("BlueGreenUpdatePolicy", {})
        routing = policy.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0})
        rollout = cls(
            shares=_shares(routing, instances),
            bake=routing["WaitIntervalInSeconds"],
            last_wait=policy.get("TerminationWaitInSeconds", 0),
            longest=policy.get("MaximumExecutionTimeoutInSeconds", _LONGEST),
            alarms=tuple(a["AlarmName"] for a in given.get("AutoRollbackConfiguration", {}).get("Alarms", [])),
        )
        if rollout.longest <= (waits := rollout.bake * len(rollout.shares) + rollout.last_wait):
            raise InvalidRequestError(
                f"MaximumExecutionTimeoutInSeconds is {rollout.longest}; expected more than the {waits} s that the "
                "deployment waits: raise it, or lower WaitIntervalInSeconds or TerminationWaitInSeconds."
            )
        return rollout

    def carry_out(self, shift: Callable[[float], None], is_ended: Callable[[], bool]) -> bool:
        """Shift step by step; False when an alarm rang, the time was up or the endpoint is being deleted."""
        deadline = time.monotonic() + clock.real(self.longest)
        for share in self.shares:
            shift(share)
            if not self._bakes(deadline, is_ended):
                return False
        time.sleep(clock.real(self.last_wait))
        return True

    def _bakes(self, deadline: float, is_ended: Callable[[], bool]) -> bool:
        """Watch for the baking time; the alarms are looked at once at least."""
        until = time.monotonic() + clock.real(self.bake)
        while True:
            if self._ringing() or is_ended() or time.monotonic() > deadline:
                return False
            if (left := until - time.monotonic()) <= 0:
                return True
            time.sleep(min(left, _LOOK_SECONDS))

    def _ringing(self) -> bool:
        if not self.alarms:
            return False
        found = emulator.call("monitoring", _DESCRIBE, {"AlarmNames": list(self.alarms)})
        return any(each["StateValue"] == "ALARM" for each in found.get("MetricAlarms", []))


def _shares(routing: Record, instances: int) -> tuple[float, ...]:
    if routing["Type"] not in _SIZES:
        return (1.0,)
    member, least, most = _SIZES[routing["Type"]]
    if member not in routing:
        raise InvalidRequestError(f"TrafficRoutingConfiguration of type {routing['Type']} needs {member}.")
    size = routing[member]
    share = size["Value"] / (instances if size["Type"] == "INSTANCE_COUNT" else 100)
    if not least <= share <= most:
        raise InvalidRequestError(
            f"{member} is {share:.0%} of the {instances} instances; expected {least:.0%} to {most:.0%}."
        )
    if routing["Type"] == "CANARY":
        return share, 1.0
    steps = int(1 / share)
    first = [share * number for number in range(1, steps + 1)]
    return (*(each for each in first if each < 1), 1.0)
