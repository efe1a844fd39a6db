"""The names that the new VPC's resolver answers: AWS's own and the tracking server's.

A name is a message: who serves a zone reads what is asked for below it, so a task that is taken over could tell the
outside a few bytes with each. Nobody but AWS serves the zones below its suffix.
"""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_route53resolver as resolver
from constructs import Construct

from stacks.settings import Settings

_FIRST, _LAST = 100, 200  # the smaller one counts first
_OF_THE_VPC = 101  # the smallest of the association's, from 101 to 9899


class AnsweredNames(Construct):
    """A DNS firewall of the VPC's resolver: it answers listed names, and no other exists.

    Where it can't be asked, nothing is answered: its VPC has no `FirewallFailOpen`. In a list `*.` begins all names
    below one, and `*` alone is every name
    (https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-user-managed-domain-lists.html).

    Controls: SC-7, SC-7(5).
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings, vpc: ec2.IVpc) -> None:
        super().__init__(scope, construct_id)
        own = [f"*.{cdk.Aws.URL_SUFFIX}", settings.tracking.domain]
        group = resolver.CfnFirewallRuleGroup(
            self,
            "Rules",
            firewall_rules=[
                resolver.CfnFirewallRuleGroup.FirewallRuleProperty(
                    action="ALLOW", priority=_FIRST, firewall_domain_list_id=self._list("Own", own)
                ),
                resolver.CfnFirewallRuleGroup.FirewallRuleProperty(
                    action="BLOCK",
                    block_response="NXDOMAIN",
                    priority=_LAST,
                    firewall_domain_list_id=self._list("Every", ["*"]),
                ),
            ],
        )
        resolver.CfnFirewallRuleGroupAssociation(
            self, "OfTheVpc", firewall_rule_group_id=group.attr_id, vpc_id=vpc.vpc_id, priority=_OF_THE_VPC
        )

    def _list(self, name: str, domains: list[str]) -> str:
        return resolver.CfnFirewallDomainList(self, name, domains=domains).attr_id
