"""What all stacks of Atoll have in common."""

from typing import TypedDict, Unpack

import aws_cdk as cdk
from constructs import Construct

from stacks.components.removal import KEPT
from stacks.settings import Settings


class StackOptions(TypedDict, total=False):
    """Options that pass through to `aws_cdk.Stack`."""

    synthesizer: cdk.IStackSynthesizer
    termination_protection: bool


class AtollStack(cdk.Stack):
    """A stack in the deployment's own account and region, described, tagged, with outputs under fixed keys."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        **options: Unpack[StackOptions],
    ) -> None:
        self._zones = list(settings.network.availability_zones)
        deployment = settings.deployment
        env = cdk.Environment(account=deployment.account, region=deployment.region)
        super().__init__(scope, construct_id, env=env, **options)
        self.removal = KEPT if deployment.production else cdk.RemovalPolicy.DESTROY

    @property
    def availability_zones(self) -> list[str]:
        """The zones from the settings: the CDK would otherwise ask AWS for them at synth."""
        return self._zones

    def output(self, key: str, value: str) -> cdk.CfnOutput:
        """Publish a value as the stack output `key` (docs/contracts.md)."""
        published = cdk.CfnOutput(self, f"{key}Output", value=value)
        published.override_logical_id(key)
        return published
