"""Where the stacks meet: who gets what from whom."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from stacks.endpoint import EndpointStack
from stacks.foundation import FoundationStack
from stacks.monitoring import MonitoringStack
from stacks.registry import RegistryStack
from stacks.release import ReleaseStack
from stacks.settings import Settings
from stacks.tracking import TrackingStack
from stacks.training import TrainingStack


def build_platform(app: cdk.App, settings: Settings) -> None:
    """Build every stack of one deployment under the app; while digests are pending, only those that need no image."""
    _bound_roles(app, settings)
    protected = settings.deployment.production
    foundation = FoundationStack(app, "Atoll-Foundation", settings=settings, termination_protection=protected)
    registry = RegistryStack(
        app,
        "Atoll-Registry",
        settings=settings,
        key=foundation.keys.registry,
        termination_protection=protected,
    )
    if settings.images.digests == "pending":
        return
    tracking = TrackingStack(
        app,
        "Atoll-Tracking",
        settings=settings,
        foundation=foundation,
        registry=registry,
        termination_protection=protected,
    )
    roles = TrainingStack(app, "Atoll-Training", settings=settings, foundation=foundation, registry=registry)
    if settings.models:
        release = ReleaseStack(app, "Atoll-Release", settings=settings, roles=roles, tracking=tracking)
        for name in settings.models:
            EndpointStack(app, name, settings=settings, registry=registry, roles=roles, release=release)
        MonitoringStack(app, "Atoll-Monitoring", settings=settings, roles=roles, release=release)


def _bound_roles(app: cdk.App, settings: Settings) -> None:
    """Put the agency's permissions boundary on every role, whoever made it."""
    if name := settings.identity.permissions_boundary:
        arn = f"arn:{cdk.Aws.PARTITION}:iam::{settings.deployment.account}:policy/{name}"
        boundary = iam.ManagedPolicy.from_managed_policy_arn(app, "Boundary", arn)
        iam.PermissionsBoundary.of(app).apply(boundary)
