"""Where the network is: a VPC that Atoll creates, or one of the agency's landing zone, given by ids."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from stacks.addresses import check_private_range
from stacks.settings_section import Section

_SUBNET = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
_VPC = Annotated[str, Field(pattern=r"^vpc-[0-9a-f]{8,17}$")]
_GROUP = r"^sg-[0-9a-f]{8,17}$"
EndpointName = Annotated[str, Field(pattern=r"^[a-z0-9]+([.-][a-z0-9]+)*$")]
EndpointServiceName = Annotated[str, Field(pattern=r"^(off|[a-z]+(\.[a-z0-9-]+){3,})$")]


class ExistingNetwork(Section):
    """A VPC of the agency's. Atoll puts its own resources into it and changes nothing that stands there."""

    vpc_id: _VPC = Field(description="The VPC.")
    work_subnets: tuple[_SUBNET, ...] = Field(
        min_length=2,
        max_length=3,
        description="Subnets of jobs, functions, tasks and the load balancer, one a zone, in the zones' order.",
    )
    data_subnets: tuple[_SUBNET, ...] = Field(
        min_length=2,
        max_length=3,
        description="Subnets of the database, one a zone, in the zones' order.",
    )
    jobs_group: str = Field(pattern=_GROUP, description="Security group of SageMaker jobs and endpoints.")
    functions_group: str = Field(pattern=_GROUP, description="Security group of the Lambda functions.")
    balancer_group: str = Field(pattern=_GROUP, description="Security group of the tracking server's load balancer.")
    tasks_group: str = Field(pattern=_GROUP, description="Security group of the tracking server's tasks.")
    database_group: str = Field(pattern=_GROUP, description="Security group of the tracking server's database.")
    endpoint_vpc_ids: tuple[_VPC, ...] = Field(
        default=(),
        max_length=10,
        description="The VPCs whose endpoints are used, where those of a hub serve the landing zone; empty: this VPC.",
    )


class Network(Section):
    """The isolated network: `cidr` and `s3_prefix_list` for a VPC to create, or `[network.existing]`."""

    availability_zones: tuple[Annotated[str, Field(pattern=r"^[a-z]{2}(-gov)?-[a-z]+-[0-9][a-z]$")], ...] = Field(
        min_length=2, max_length=3, description="Two or three zones of the region."
    )
    cidr: str | None = Field(default=None, description="The new VPC's private IPv4 range, between /16 and /24.")
    s3_prefix_list: str | None = Field(
        default=None,
        pattern=r"^pl-[0-9a-f]{8,17}$",
        description="Id of the region's prefix list of S3, for the new VPC's rules: `aws ec2 describe-prefix-lists`.",
    )
    existing: ExistingNetwork | None = Field(default=None, description="The VPC to use in place of a new one.")
    several_instances: bool = Field(
        default=False,
        description="Whether the new VPC's trainings may have several instances: their security group then lets its "
        "members talk to each other.",
    )
    fips: bool | None = Field(
        default=None,
        description="Whether functions and tasks call AWS by FIPS host names; absent: yes in GovCloud, else no.",
    )
    plain_hosts: tuple[EndpointName, ...] = Field(
        default=(),
        description='Services (such as `"ecs"`) that functions call by their plain host although FIPS is on: those '
        "whose FIPS host has no endpoint service in the region.",
    )
    endpoints: dict[EndpointName, EndpointServiceName] = Field(
        default_factory=dict,
        description='Endpoint (such as `"kms-fips"`) to the whole name of its service, or to `"off"`. In an existing '
        "VPC only the endpoints named here are made.",
    )

    @model_validator(mode="after")
    def _zones_differ(self) -> Self:
        if len(set(self.availability_zones)) < len(self.availability_zones):
            raise ValueError(f"availability_zones {list(self.availability_zones)} must be different zones")
        return self

    @model_validator(mode="after")
    def _vpc_is_new_or_existing(self) -> Self:
        if self.existing:
            return self._existing_fits(self.existing)
        if not self.cidr or not self.s3_prefix_list:
            missing = "cidr" if not self.cidr else "s3_prefix_list"
            raise ValueError(
                f"{missing} is missing; a new VPC needs cidr and s3_prefix_list, an existing one [network.existing]"
            )
        check_private_range(self.cidr)
        return self

    def _existing_fits(self, existing: ExistingNetwork) -> Self:
        if self.cidr or self.s3_prefix_list:
            given = "cidr" if self.cidr else "s3_prefix_list"
            raise ValueError(f"{given} is for a new VPC, and [network.existing] names one; remove one of the two")
        if self.several_instances:
            raise ValueError(
                "several_instances adds rules to a new VPC's group, and Atoll adds none to yours: let the members of "
                "existing.jobs_group talk to each other (docs/deploy.md), and leave several_instances out"
            )
        zones = len(self.availability_zones)
        for name in ("work_subnets", "data_subnets"):
            if (found := len(getattr(existing, name))) != zones:
                raise ValueError(
                    f"existing.{name} has {found} subnets for {zones} availability_zones; name one subnet a zone"
                )
        return self

    @property
    def source_vpcs(self) -> tuple[str, ...]:
        """The VPCs that requests through our endpoints come from, as far as they are known before deployment."""
        return (self.existing.endpoint_vpc_ids or (self.existing.vpc_id,)) if self.existing else ()
