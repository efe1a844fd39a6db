"""The web firewall before the tracking server's balancer."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from stacks.components.jsii_types import resource_of
from stacks.components.keys import Keys
from stacks.components.logs import KeptLogGroup
from stacks.settings import Settings

_LOGS = "aws-waf-logs-atoll-tracking"
_UPLOADS = ("/api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow-artifacts/", "/ajax-api/2.0/mlflow/upload-artifact")
_OF_ARTIFACTS = {
    "CrossSiteScripting_BODY": "CrossSiteScripting_Body",
    "EC2MetaDataSSRF_BODY": "EC2MetaDataSSRF_Body",
    "GenericLFI_BODY": "GenericLFI_Body",
    "GenericRFI_BODY": "GenericRFI_Body",
    "RestrictedExtensions_URIPATH": "RestrictedExtensions_URIPath",
}
"""Rules that an artifact's name or content meets (a log, a page, a plot), and the labels that they leave
(https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-baseline.html)."""
_ANY_SIZE = "SizeRestrictions_BODY"  # would refuse a model's artifacts, and long lists of metrics
_SIGN_IN = ("SizeRestrictions_Cookie_HEADER", "SizeRestrictions_QUERYSTRING")
"""The balancer's own session lies in up to four cookies of 4 KB, and a provider's codes make long queries
(https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html)."""

Statement = wafv2.CfnWebACL.StatementProperty


class Firewall(Construct):
    """AWS's rules on common and on known bad requests, and a rate; artifacts may hold what they hold.

    Controls: SC-5, SC-7, SI-10, AU-2.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        balancer: elbv2.ApplicationLoadBalancer,
        keys: Keys,
    ) -> None:
        super().__init__(scope, construct_id)
        counted = [*_OF_ARTIFACTS, _ANY_SIZE, *(_SIGN_IN if settings.tracking.single_sign_on else ())]
        firewall = wafv2.CfnWebACL(
            self,
            "Rules",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible("firewall"),
            rules=[
                _managed_rules("common", "AWSManagedRulesCommonRuleSet", priority=1, counted=counted),
                _rate_limit(priority=2),
                _managed_rules("known-bad", "AWSManagedRulesKnownBadInputsRuleSet", priority=3),
                _common_elsewhere(priority=4),
            ],
        )
        wafv2.CfnWebACLAssociation(
            self, "Association", resource_arn=balancer.load_balancer_arn, web_acl_arn=firewall.attr_arn
        )
        self._log(firewall, settings, keys)

    def _log(self, firewall: wafv2.CfnWebACL, settings: Settings, keys: Keys) -> None:
        group = KeptLogGroup(self, "Logs", settings=settings, key=keys.logs)
        # AWS WAF writes only to log groups whose name begins so.
        resource_of(group).add_property_override("LogGroupName", _LOGS)
        destination = cdk.Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=_LOGS,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=firewall.attr_arn,
            log_destination_configs=[destination],
            redacted_fields=[_header("authorization"), _header("cookie")],
        ).node.add_dependency(group)


def _common_elsewhere(*, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    """Block what the common rules only counted, but for artifacts on their way up or down."""
    labels = [
        Statement(
            label_match_statement=wafv2.CfnWebACL.LabelMatchStatementProperty(
                scope="LABEL", key=f"awswaf:managed:aws:core-rule-set:{label}"
            )
        )
        for label in _OF_ARTIFACTS.values()
    ]
    artifacts = Statement(or_statement=wafv2.CfnWebACL.OrStatementProperty(statements=[*map(_begins, _UPLOADS)]))
    elsewhere = Statement(not_statement=wafv2.CfnWebACL.NotStatementProperty(statement=artifacts))
    any_label = Statement(or_statement=wafv2.CfnWebACL.OrStatementProperty(statements=labels))
    return wafv2.CfnWebACL.RuleProperty(
        name="common-elsewhere",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=Statement(and_statement=wafv2.CfnWebACL.AndStatementProperty(statements=[any_label, elsewhere])),
        visibility_config=_visible("common-elsewhere"),
    )


def _begins(path: str) -> Statement:
    return Statement(
        byte_match_statement=wafv2.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=wafv2.CfnWebACL.FieldToMatchProperty(uri_path={}),
            positional_constraint="STARTS_WITH",
            search_string=path,
            text_transformations=[wafv2.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
        )
    )


def _header(name: str) -> wafv2.CfnLoggingConfiguration.FieldToMatchProperty:
    return wafv2.CfnLoggingConfiguration.FieldToMatchProperty(single_header={"Name": name})


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        sampled_requests_enabled=False,
        metric_name=f"atoll-{name}",
    )


def _managed_rules(
    name: str, group: str, *, priority: int, counted: Sequence[str] = ()
) -> wafv2.CfnWebACL.RuleProperty:
    only_count = wafv2.CfnWebACL.RuleActionProperty(count={})
    return wafv2.CfnWebACL.RuleProperty(
        name=name,
        priority=priority,
        override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
        statement=Statement(
            managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=group,
                rule_action_overrides=[
                    wafv2.CfnWebACL.RuleActionOverrideProperty(name=each, action_to_use=only_count) for each in counted
                ]
                or None,
            ),
        ),
        visibility_config=_visible(name),
    )


def _rate_limit(*, priority: int) -> wafv2.CfnWebACL.RuleProperty:
    return wafv2.CfnWebACL.RuleProperty(
        name="rate",
        priority=priority,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=Statement(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(limit=6000, aggregate_key_type="IP"),
        ),
        visibility_config=_visible("rate"),
    )
