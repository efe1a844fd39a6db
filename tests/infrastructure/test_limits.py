import pytest
from pydantic import ValidationError

from compliance.limits.judge import judge_templates
from compliance.preflight_account import reserved
from compliance.templates import Template, resources
from stacks.endpoint_services import S3, uses
from stacks.regions import PROFILES
from stacks.settings import Settings, load
from tests.infrastructure.test_assemblies import settings
from tests.limits.extremes import EXTREMES
from tests.limits.run import Walk

DRAWN = 5  # `make limits` draws 40


def test_every_template_stays_within_the_limits_of_aws_with_a_margin(
    templates: dict[str, Template], environment: str
) -> None:
    rows = list(judge_templates(templates, str(settings(environment)["deployment"]["region"])))
    assert [row.objection for row in rows if row.objection] == []
    assert len(rows) > 30


def test_the_preflight_counts_the_concurrency_that_functions_reserve(
    templates: dict[str, Template], environment: str
) -> None:
    functions = resources(templates, "AWS::Lambda::Function")
    in_templates = sum(each.properties["ReservedConcurrentExecutions"] for each in functions)
    assert reserved(load(environment)) == in_templates


def test_one_statement_lets_all_rules_of_a_stack_leave_dead_letters(templates: dict[str, Template]) -> None:
    for queue in resources(templates, "AWS::SQS::QueuePolicy"):
        statements = queue.properties["PolicyDocument"]["Statement"]
        of_rules = [each for each in statements if "events.amazonaws" in str(each["Principal"])]
        has_rules = any(resources({queue.stack: templates[queue.stack]}, "AWS::Events::Rule"))
        assert len(of_rules) == int(has_rules), queue.place
        for each in of_rules:
            assert f"rule/{queue.stack}-*" in str(each["Condition"]["ArnLike"]["aws:SourceArn"])


def test_deployments_at_the_settings_bounds_and_drawn_ones_stay_within_the_limits() -> None:
    walk = Walk()
    walk.extremes()
    walk.drawn(DRAWN)
    assert walk.objections() == []
    assert len(next(iter(walk.rows.values()))) == len(EXTREMES) + DRAWN


@pytest.mark.parametrize(
    ("section", "name", "further"),
    [
        ("identity", "role_path", f"/{'p' * 99}/"),
        ("identity", "role_name_prefix", "n" * 21),
        ("identity", "permissions_boundary", "b" * 513),
        ("identity", "cloudformation_role", "c" * 129),
        ("identity", "deploy_role", "d" * 129),
        ("identity", "identity_providers", (f"role/{'i' * 124}",)),
        ("identity", "identity_providers", tuple(f"role/{number}" for number in range(11))),
        ("tracking", "domain", f"a.{'d' * 64}"),
        ("tracking", "domain", ".".join(["d" * 63] * 4)),
        ("deployment", "name", "d" * 32),
    ],
)
def test_the_extremes_are_extremes(section: str, name: str, further: object) -> None:
    wanted = EXTREMES["longest in us-gov-west-1"]
    assert wanted[section][name]
    with pytest.raises(ValidationError, match=name):
        Settings.model_validate({**wanted, section: {**wanted[section], name: further}})


def test_the_extreme_of_plain_hosts_names_every_host_that_may_be_plain() -> None:
    wanted = Settings.model_validate(EXTREMES["plain hosts in us-east-1"])
    called = {use.service for use in uses(wanted) if use.sdk} - {S3}
    assert set(wanted.network.plain_hosts) == called & wanted.region.fips_hosts
    assert all(len(called & PROFILES[each].fips_hosts) <= len(wanted.network.plain_hosts) for each in PROFILES)


@pytest.mark.parametrize("name", EXTREMES)
def test_every_extreme_but_the_least_has_the_longest_role_of_cloudformation(name: str) -> None:
    role = EXTREMES[name]["identity"].get("cloudformation_role", "")
    assert len(role) == (0 if name == "least" else 128)
