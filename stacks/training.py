"""Training: who may do what. Roles of jobs, of people, and the narrow role of releases."""

from typing import Unpack

from constructs import Construct

from stacks.components.administrator import Administrator
from stacks.components.endpoint_service_role import EndpointServiceRole
from stacks.components.job_roles import JobRoles
from stacks.components.release_people import Approver, Auditor, Operator
from stacks.components.stack import AtollStack, StackOptions
from stacks.components.trainer import Trainer
from stacks.foundation import FoundationStack
from stacks.registry import RegistryStack
from stacks.settings import Settings


class TrainingStack(AtollStack):
    """The roles of a deployment: those of jobs (ETL, training, scoring, serving) and those of people."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        foundation: FoundationStack,
        registry: RegistryStack,
        **options: Unpack[StackOptions],
    ) -> None:
        super().__init__(scope, construct_id, settings=settings, **options)
        self.foundation = foundation
        self.jobs = JobRoles(self, "Jobs", foundation=foundation, image=registry.model)
        self.endpoint_service_role = EndpointServiceRole(
            self,
            "EndpointServiceRole",
            foundation=foundation,
            serving=self.jobs.serving,
        )
        self.approver = Approver(self, "Approver", foundation=foundation)
        passed = [self.jobs.etl, self.jobs.training, self.jobs.scoring]
        self.trainer = Trainer(self, "Trainer", foundation=foundation, roles=passed)
        people = {
            "Trainer": self.trainer,
            "Approver": self.approver,
            "Operator": Operator(self, "Operator", foundation=foundation, service_role=self.endpoint_service_role),
            "Auditor": Auditor(self, "Auditor", foundation=foundation),
            "Administrator": Administrator(self, "Administrator", foundation=foundation),
        }
        jobs = {
            "EtlJob": self.jobs.etl,
            "TrainingJob": self.jobs.training,
            "ScoringJob": self.jobs.scoring,
        }
        for name, role in (jobs | people).items():
            self.output(f"{name}RoleArn", role.role_arn)
