"""What ECS and SageMaker fetch and write in a role's name before any of our code runs, in every environment.

The local AWS starts processes, not containers, so nobody asks it for these rights. AWS's pages list them:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from compliance.limits.judge import site
from compliance.limits.resolved import Resolved
from compliance.templates import Resource, Template, resources
from local import policy_variables
from local.rights.identity import Identity, Right
from stacks.settings import load

PULLS = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
LOGIN, SECRET = "ecr:GetAuthorizationToken", "secretsmanager:GetSecretValue"
WRITES = ("logs:CreateLogStream", "logs:PutLogEvents")
OF_SAGEMAKER = ("TrainingJobs", "ProcessingJobs", "Endpoints/a")
policy_variables.register()


@dataclass(frozen=True, kw_only=True)
class Start:
    """One container that a service starts in a role's name, and what the service needs for it."""

    place: str
    role: Identity
    wanted: tuple[Right, ...]

    def refusals(self, region: str) -> dict[str, str]:
        """The service's calls that IAM refuses, with IAM's sentence."""
        found = {right.action: self.role.refusal(right, region=region) for right in self.wanted}
        return {action: why for action, why in found.items() if why}


class Starts:
    """Every container that an environment's templates have started."""

    def __init__(self, templates: dict[str, Template], environment: str) -> None:
        deployment = load(environment).deployment
        self.region = deployment.region
        self._templates = templates
        self._site = replace(site(self.region), account=deployment.account)
        self._resolved = Resolved(templates, self._site)

    def all(self) -> Iterator[Start]:
        """Give the containers of ECS's tasks, of SageMaker's jobs, and of its endpoints."""
        yield from self.tasks()
        yield from self.jobs()
        yield from self.models()

    def tasks(self) -> Iterator[Start]:
        """Give each container of each task definition."""
        for task in resources(self._templates, "AWS::ECS::TaskDefinition"):
            role = self._role(self._value(task, "ExecutionRoleArn"))
            for container in self._value(task, "ContainerDefinitions"):
                options = container["LogConfiguration"]["Options"]
                stream = f"{options['awslogs-stream-prefix']}/{container['Name']}/0123456789abcdef"
                secrets = [":".join(each["ValueFrom"].split(":")[:7]) for each in container["Secrets"]]
                yield Start(
                    place=f"{task.place}/{container['Name']}",
                    role=role,
                    wanted=(
                        *self._pull(container["Image"]),
                        *self._write(options["awslogs-group"], stream),
                        *(Right(SECRET, (each,)) for each in secrets),
                    ),
                )

    def jobs(self) -> Iterator[Start]:
        """Give each role that SageMaker works with: a trainer's jobs are of the model's repository."""
        [repository] = (
            self._resolved.name(each.stack, each.logical_id)
            for each in resources(self._templates, "AWS::ECR::Repository")
            if each.logical_id.startswith("Model")
        )
        for role in resources(self._templates, "AWS::IAM::Role"):
            if "sagemaker.amazonaws.com" in str(role.properties["AssumeRolePolicyDocument"]):
                yield self._sagemaker(role.place, self._held(role), f"host/{repository}@sha256:0")

    def models(self) -> Iterator[Start]:
        """Give each model that an endpoint serves."""
        for model in resources(self._templates, "AWS::SageMaker::Model"):
            image = self._value(model, "PrimaryContainer")["Image"]
            yield self._sagemaker(model.place, self._role(self._value(model, "ExecutionRoleArn")), image)

    def _sagemaker(self, place: str, role: Identity, image: str) -> Start:
        logs = (each for kind in OF_SAGEMAKER for each in self._write(f"/aws/sagemaker/{kind}", "a/b-1"))
        metrics = Right("cloudwatch:PutMetricData", ("*",), {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"})
        return Start(place=place, role=role, wanted=(*self._pull(image), *logs, metrics))

    def _pull(self, image: str) -> Iterator[Right]:
        name = image.partition("/")[2].partition("@")[0]
        yield Right(LOGIN, ("*",))
        yield from (Right(action, (self._arn(f"ecr:{{region}}:{{account}}:repository/{name}"),)) for action in PULLS)

    def _write(self, group: str, stream: str) -> Iterator[Right]:
        arn = self._arn(f"logs:{{region}}:{{account}}:log-group:{group}:log-stream:{stream}")
        yield from (Right(action, (arn,)) for action in WRITES)

    def _arn(self, rest: str) -> str:
        return f"arn:{self._site.partition}:{rest.format(region=self.region, account=self._site.account)}"

    def _value(self, of: Resource, name: str) -> Any:  # noqa: ANN401 - any part of a template
        return self._resolved.value(of.stack, of.properties[name])

    def _role(self, arn: str) -> Identity:
        [role] = (
            each
            for each in resources(self._templates, "AWS::IAM::Role")
            if self._resolved.value(each.stack, {"Fn::GetAtt": [each.logical_id, "Arn"]}) == arn
        )
        return self._held(role)

    def _held(self, role: Resource) -> Identity:
        arn = self._resolved.value(role.stack, {"Fn::GetAtt": [role.logical_id, "Arn"]})
        documents = [
            self._resolved.value(
                role.stack, self._templates[role.stack]["Resources"][each["Ref"]]["Properties"]["PolicyDocument"]
            )
            for each in role.properties["ManagedPolicyArns"]
        ]
        return Identity.with_policies(arn, documents)


def without(templates: dict[str, Template], action: str) -> dict[str, Template]:
    """The same templates; no policy has the statements that allow this action."""
    poorer = copy.deepcopy(templates)
    for policy in resources(poorer, "AWS::IAM::ManagedPolicy"):
        document = policy.properties["PolicyDocument"]
        document["Statement"] = [each for each in document["Statement"] if action not in _actions(each)]
    return poorer


def _actions(statement: dict[str, Any]) -> list[str]:
    named = statement["Action"]
    return named if isinstance(named, list) else [named]


def test_what_a_service_fetches_and_writes_for_a_container_is_allowed(
    templates: dict[str, Template], environment: str
) -> None:
    starts = Starts(templates, environment)
    assert {each.place: refused for each in starts.all() if (refused := each.refusals(starts.region))} == {}
    assert list(starts.tasks())
    assert bool(list(starts.jobs())) == ("Atoll-Training" in templates)
    served = [name for name in templates if name.startswith("Atoll-Endpoint-")]
    assert len(list(starts.models())) == len(served)


@pytest.mark.parametrize("action", [LOGIN, SECRET, PULLS[1], WRITES[1]])
def test_a_container_whose_role_lacks_one_of_these_rights_is_seen(
    templates: dict[str, Template], environment: str, action: str
) -> None:
    found = Starts(without(templates, action), environment).all()
    wanting = [each for each in found if action in {right.action for right in each.wanted}]
    region = load(environment).deployment.region
    assert wanting
    assert all(action in each.refusals(region) for each in wanting)
