"""MLflow's service: as many tasks as it needs, and as much time for a new one."""

from compliance.templates import Template, resources
from tests.infrastructure.test_migration import has_database

SLOWEST_START = 134
"""Seconds that a cold start took on two cores at load 11."""


def test_the_service_waits_for_a_slow_start_and_goes_back_when_tasks_dont_start(
    templates: dict[str, Template], environment: str
) -> None:
    (service,) = resources(templates, "AWS::ECS::Service")
    assert service.properties["HealthCheckGracePeriodSeconds"] >= 2 * SLOWEST_START
    assert service.properties["DesiredCount"] == (2 if has_database(environment) else 1)
    deployment = service.properties["DeploymentConfiguration"]
    assert deployment["MinimumHealthyPercent"] == 100
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_the_balancer_has_one_listener_and_asks_for_health_without_a_password(templates: dict[str, Template]) -> None:
    assert len(list(resources(templates, "AWS::ElasticLoadBalancingV2::Listener"))) == 1
    (group,) = resources(templates, "AWS::ElasticLoadBalancingV2::TargetGroup")
    assert group.properties["HealthCheckPath"] == "/health"
    assert group.properties["HealthCheckProtocol"] == "HTTPS"
    assert group.properties["Matcher"] == {"HttpCode": "200"}
