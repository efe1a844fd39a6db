"""The door to the tracking server: an internal load balancer that speaks TLS with FIPS ciphers only."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from compliance.accepted import DEVELOPMENT_ONLY
from compliance.findings import accept_finding
from stacks.components.jsii_types import as_interface, resource_of
from stacks.components.network import CONTAINER_PORT, Network
from stacks.settings import Settings
from stacks.settings_tracking import SingleSignOn

_NIST = "NIST.800.53.R5"


class InternalBalancer(Construct):
    """An internal HTTPS load balancer under the tracking server's name, with no listener that speaks anything else.

    Controls: AC-4, SC-7, SC-8, SC-13, SC-20.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        network: Network,
        access_logs: s3.Bucket,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._network = network
        self.balancer = elbv2.ApplicationLoadBalancer(
            self,
            "Balancer",
            vpc=network.vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_group_name="Work"),
            internet_facing=False,
            security_group=network.balancer,
            deletion_protection=settings.deployment.production,
            drop_invalid_header_fields=True,
            idle_timeout=cdk.Duration.minutes(10),
        )
        self.balancer.log_access_logs(access_logs, "balancer")
        self._name_it()
        if not settings.deployment.production:
            for rule in ("ALBWAFEnabled", "ELBDeletionProtectionEnabled"):
                accept_finding(self.balancer, _NIST, f"{_NIST}-{rule}", because=DEVELOPMENT_ONLY)

    def forward_to(self, target: elbv2.IApplicationLoadBalancerTarget) -> None:
        """Let HTTPS listeners forward to the target, which is healthy when MLflow's /health says so.

        The people's listener, where there is one, has them sign in first. Control: IA-2.
        """
        tracking = self._settings.tracking
        group = elbv2.ApplicationTargetGroup(
            self,
            "Targets",
            vpc=self._network.vpc,
            port=CONTAINER_PORT,
            protocol=elbv2.ApplicationProtocol.HTTPS,  # each task makes a certificate at start; balancers check none
            targets=[target],
            deregistration_delay=cdk.Duration.minutes(1),
            health_check=elbv2.HealthCheck(
                path="/health", protocol=elbv2.Protocol.HTTPS, healthy_http_codes="200", healthy_threshold_count=2
            ),
        )
        forward = elbv2.ListenerAction.forward([group])
        self._listen("Https", tracking.port, forward)
        if tracking.single_sign_on:
            self._listen("People", tracking.single_sign_on.port, _sign_in(tracking.single_sign_on, then=forward))

    def _listen(self, name: str, port: int, action: elbv2.ListenerAction) -> None:
        certificate = cdk.Stack.of(self).format_arn(
            service="acm",
            resource="certificate",
            resource_name=self._settings.tracking.certificate_id,
        )
        listener = self.balancer.add_listener(
            name,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS,
            certificates=[elbv2.ListenerCertificate.from_arn(certificate)],
            default_action=action,
            open=False,
        )
        policy = self._settings.region.load_balancer_tls_policy
        resource_of(listener).add_property_override("SslPolicy", policy)

    def _name_it(self) -> None:
        zone = route53.PrivateHostedZone(
            self,
            "Zone",
            zone_name=self._settings.tracking.domain,
            vpc=self._network.vpc,
        )
        route53.ARecord(
            self,
            "Name",
            zone=zone,
            target=route53.RecordTarget.from_alias(as_interface(targets.LoadBalancerTarget(self.balancer))),
        )


def _sign_in(provider: SingleSignOn, *, then: elbv2.ListenerAction) -> elbv2.ListenerAction:
    return elbv2.ListenerAction.authenticate_oidc(
        issuer=provider.issuer,
        authorization_endpoint=provider.authorization_endpoint,
        token_endpoint=provider.token_endpoint,
        user_info_endpoint=provider.user_info_endpoint,
        client_id=provider.client_id,
        client_secret=cdk.SecretValue.secrets_manager(provider.client_secret_name, json_field="client_secret"),
        session_timeout=cdk.Duration.hours(provider.session_hours),
        on_unauthenticated_request=elbv2.UnauthenticatedAction.AUTHENTICATE,
        allow_https_outbound=False,  # the way to the provider is the agency's, in its own group
        next=then,
    )
