"""Target tracking for endpoints: the count of instances follows the invocations, within the target's bounds.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html:
it scales out in proportion as fast as it can, in more gradually, and not at all where the metric lacks data, which a
SageMaker variant without invocations does. Of several policies the one that wants most capacity counts. That a rise
takes three minutes and a fall fifteen below nine tenths of the target is what the alarms of such policies say
(`TargetTracking-...-AlarmHigh`, `-AlarmLow`); the page names no numbers. Cooldowns:
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
"""

import logging
import math
import threading
import time
from collections.abc import Sequence

from local.sagemaker import clock
from local.sagemaker.autoscaling import Scaling
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.errors import ServiceError
from local.sagemaker.records import ENDPOINT, Record, Records

logger = logging.getLogger("sagemaker")
RISE_MINUTES, FALL_MINUTES, FALL_BELOW = 3, 15, 0.9
_COOLDOWN = 300
_LOOK_SECONDS = 0.1


def wanted(tracking: Record, count: int, minutes: Sequence[int]) -> int:
    """How many instances a policy wants, from `count` and the invocations of the last minutes, the latest first."""
    target, each = tracking["TargetValue"], [invocations / count for invocations in minutes]
    if min(each[:RISE_MINUTES]) > target:
        return math.ceil(count * min(each[:RISE_MINUTES]) / target)
    has_data = all(each[:FALL_MINUTES])
    if has_data and max(each[:FALL_MINUTES]) < FALL_BELOW * target and not tracking.get("DisableScaleIn"):
        return max(count - 1, math.ceil(count * max(each[:FALL_MINUTES]) / target))
    return count


class Scaler:
    """Looks at the policies once a minute of the fast clock, on a thread of its own."""

    def __init__(self, records: Records, endpoints: Endpoints, scaling: Scaling) -> None:
        self._records, self._endpoints, self._scaling = records, endpoints, scaling
        self._last: dict[str, tuple[float, int]] = {}  # when a target was moved last, and in which direction

    def start(self) -> None:
        """Begin; it ends with the process."""
        threading.Thread(target=self._main, name="autoscaling", daemon=True).start()

    def _main(self) -> None:
        while True:
            time.sleep(max(clock.MINUTE, _LOOK_SECONDS))
            for target in self._scaling.targets():
                try:
                    self.look(target)
                except ServiceError:  # the endpoint is gone or being changed: the next look sees how it stands then
                    continue
                except Exception:
                    logger.exception("autoscaling %s", target["ResourceId"])

    def look(self, target: Record) -> None:
        """Move the count of one target if its policies want another and its endpoint is at rest."""
        _, name, _, variant = target["ResourceId"].split("/")
        record = self._records.get(ENDPOINT, name)
        policies = [each["TargetTrackingScalingPolicyConfiguration"] for each in self._scaling.policies_of(target)]
        if record["EndpointStatus"] != "InService" or not policies:
            return
        count = next(each["DesiredInstanceCount"] for each in record["ProductionVariants"]
                     if each["VariantName"] == variant)  # fmt: skip
        minutes = self._endpoints.load.minutes(name, variant, FALL_MINUTES)
        want, tracking = max(((wanted(each, count, minutes), each) for each in policies), key=lambda pair: pair[0])
        want = min(max(want, target["MinCapacity"]), target["MaxCapacity"])
        if want != count and not self._is_held(target, tracking, want - count):
            self._move(target, name, {"VariantName": variant, "DesiredInstanceCount": want}, want - count)

    def _is_held(self, target: Record, tracking: Record, change: int) -> bool:
        """Whether the target is suspended in this direction, or cools down; a rise waits for no fall."""
        out = change > 0
        if target.get("SuspendedState", {}).get(f"DynamicScaling{'Out' if out else 'In'}Suspended"):
            return True
        moved, direction = self._last.get(target["ResourceId"], (-math.inf, 0))
        if out and direction < 0:
            return False
        cooldown = tracking.get("ScaleOutCooldown" if out else "ScaleInCooldown", _COOLDOWN)
        return time.monotonic() - moved < clock.real(cooldown)

    def _move(self, target: Record, name: str, capacity: Record, change: int) -> None:
        self._endpoints.resize({"EndpointName": name, "DesiredWeightsAndCapacities": [capacity]})
        self._last[target["ResourceId"]] = time.monotonic(), change
        self._scaling.note_activity(target, capacity["DesiredInstanceCount"])
