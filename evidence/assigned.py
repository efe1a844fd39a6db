"""What no template can show: from whom a statement is inherited, why one doesn't apply, and who answers for the rest.

Keys are ids of controls or of statements; a statement's own entry stands above its control's. Everything here is a
proposal to the agency: its authorizing official decides what is inherited and what doesn't apply.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who answers for a statement of the organization, and the record in which the answer is kept."""

    role: str
    record: str


AWS = "AWS: the FedRAMP package of the region"
SIGN_IN = "the agency's identity provider"
ENTERPRISE = "the agency's network and workstations"

INHERITED: Mapping[str, str] = {
    **dict.fromkeys(
        (
            *("ac-4.21_obj-2", "cm-5_obj-3", "cp-8", "cp-8.1", "cp-8.2", "ia-7"),
            *("ma-2", "ma-3", "ma-3.1", "ma-3.2", "ma-3.3", "ma-5", "ma-5.1", "ma-6"),
            *("mp-2", "mp-3", "mp-4", "mp-5", "mp-6"),
            *("pe-2", "pe-3", "pe-4", "pe-6", "pe-6.1", "pe-8", "pe-9", "pe-10", "pe-11", "pe-12", "pe-13"),
            *("pe-13.1", "pe-13.2", "pe-14", "pe-15", "pe-16"),
            *("sc-4", "sc-7.18", "sc-20", "sc-22", "sc-39", "sc-45", "sc-45.1"),
            *("si-7_obj.a-2", "si-7_obj.b-2", "si-16", "sr-11.1", "sr-11.2"),
        ),
        AWS,
    ),
    **dict.fromkeys(("ia-4.4", "ia-5.2", "ia-12", "ia-12.2", "ia-12.3", "ia-12.5"), SIGN_IN),
    **dict.fromkeys(("ac-11", "ac-11.1", "ac-19", "ac-19.5", "ac-20.2", "mp-7", "sc-7.7"), ENTERPRISE),
}

NOT_APPLICABLE: Mapping[str, str] = {
    **dict.fromkeys(("ac-18", "ac-18.1", "ac-18.3"), "The system has no wireless access of its own."),
    **dict.fromkeys(("sc-15",), "The system has no camera, microphone or conferencing service."),
    **dict.fromkeys(("si-8", "si-8.2"), "The system neither receives nor sends mail."),
    **dict.fromkeys(
        ("ac-8_obj.c.1", "ac-8_obj.c.2", "ac-8_obj.c.3", "ac-22", "sc-7_obj.b"),
        "No component is publicly accessible: balancers are internal, and no way leads in or out.",
    ),
    "sc-7.8": "Nothing is routed to external networks: no gateway, route or peering exists.",
}

_OWNERS: Mapping[str, Owner] = {
    "ac": Owner(role="account manager", record="access procedures, account requests and reviews"),
    "at": Owner(role="training coordinator", record="training plan and each person's training record"),
    "au": Owner(role="ISSO", record="audit procedures and the record of each review"),
    "ca": Owner(role="ISSO, with the independent assessor", record="assessment plan and report, POA&M, authorization"),
    "cm": Owner(role="configuration manager", record="configuration management plan and change records"),
    "cp": Owner(role="contingency planner", record="contingency plan, its exercises and agreements"),
    "ia": Owner(role="account manager, with the identity provider", record="identifier and authenticator procedures"),
    "ir": Owner(role="incident response lead", record="incident response plan, exercises and reports"),
    "ma": Owner(role="system administrator", record="maintenance procedures and log"),
    "mp": Owner(role="information owner", record="media protection procedures"),
    "pe": Owner(role="facility manager", record="physical protection procedures"),
    "pl": Owner(role="system owner", record="system security and privacy plans, rules of behavior"),
    "ps": Owner(role="personnel security officer", record="personnel files and access agreements"),
    "ra": Owner(role="ISSO, with the privacy officer", record="categorization, risk assessment, scan reports"),
    "sa": Owner(
        role="system owner, with the contracting officer", record="contracts, life cycle and developer records"
    ),
    "sc": Owner(role="security architect", record="security architecture and its procedures"),
    "si": Owner(role="ISSO", record="flaw, monitoring and integrity procedures and their records"),
    "sr": Owner(role="supply chain risk manager", record="supply chain risk management plan and reviews"),
}
_FIRST = Owner(
    role="the policy's official", record="policy and procedures of the family, with the date of their review"
)
"""Who answers for the first control of each family: policy and procedures."""
_ACCOUNTS = Owner(
    role="account manager, with the identity provider",
    record="the identity provider's settings, and MLflow's own accounts: who has one, and what stands in for each rule",
)
"""MLflow knows people by accounts of its own, behind a listener that only forwards unless the settings name a sign-in:
what a rule asks of a sign-in the identity provider answers for AWS alone."""
_OF_CONTROLS: Mapping[str, Owner] = {
    **dict.fromkeys(
        (
            *("ac-2.2", "ac-2.3", "ac-2.5", "ac-7", "ac-8", "ia-2.1", "ia-2.2", "ia-2.6", "ia-2.8", "ia-2.12"),
            *("ia-5.1", "ia-6", "ia-8", "ia-8.1", "ia-8.2", "ia-8.4", "ia-11"),
        ),
        _ACCOUNTS,
    ),
    "pe-5": Owner(role="facility manager of the agency", record="where screens and printers stand, and who sees them"),
    "sc-21": Owner(
        role="security architect",
        record="DNS procedures: the VPC's resolver validates only with AWS::Route53Resolver::ResolverDNSSECConfig",
    ),
}
"""Controls that look inherited, and aren't."""


def owner(control: str) -> Owner:
    """Tell who answers for a control's statements where nothing else carries them."""
    return _OF_CONTROLS.get(control) or (_FIRST if control.endswith("-1") else _OWNERS[control[:2]])
