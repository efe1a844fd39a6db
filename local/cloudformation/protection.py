"""What is protected against deletion isn't deleted by CloudFormation either: not by a rollback, not with its stack.

The emulator's CloudFormation removes databases and balancers past the services' own calls, which refuse it. AWS:
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html (deletion protection),
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#deletion-protection.
A rollback that meets one ends in ROLLBACK_FAILED, as every rollback does that can't delete what it made:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
"""

from local import private
from local.cloudformation.deletions import Deletion, look_first

_BALANCER = "deletion_protection.enabled"


def register() -> None:
    """Refuse such deletions. Call once, after `import ministack.app` and before its main."""
    look_first(_refuse_the_protected)


def _refuse_the_protected(gone: Deletion) -> None:
    if why := protected(gone.resource_type, gone.physical_id):
        raise ValueError(f'Resource handler returned message: "{why}" (HandlerErrorCode: InvalidRequest)')


def protected(resource_type: str, physical_id: str) -> str:
    """Say why a resource can't be deleted now, in the words of its service; nothing when it can."""
    if resource_type == "AWS::RDS::DBInstance":
        found = private.find("ministack.services.rds._instances").get(physical_id, {})
        return "Cannot delete protected DB Instance, please disable deletion protection and try again." * bool(
            found.get("DeletionProtection")
        )
    if resource_type == "AWS::ElasticLoadBalancingV2::LoadBalancer":
        given = private.find("ministack.services.alb._lb_attrs").get(physical_id, [])
        is_on = {"Key": _BALANCER, "Value": "true"} in [{"Key": e["Key"], "Value": e["Value"]} for e in given]
        return f"Load balancer '{physical_id}' cannot be deleted because deletion protection is enabled" * is_on
    return ""
