"""One model: what serves it, how it scales, and the gate that a new version must pass."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from stacks.instance_types import check_endpoint_instance
from stacks.settings_section import Section


class Answers(Section):
    """What an endpoint tells of a model."""

    out_of_distribution: Literal["flag", "refuse"] = Field(
        default="flag",
        description="Rows unlike the training's: score, count and flag them, or refuse the request that holds one.",
    )
    score_decimals: int | None = Field(
        default=None,
        ge=2,
        le=9,
        description="Round scores to so many decimals, which tells less about the model; absent: as they are.",
    )
    label_threshold: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Answer labels alone, neither scores nor reasons: 1 from this probability on; absent: scores.",
    )

    @model_validator(mode="after")
    def _labels_have_no_decimals(self) -> Self:
        if self.label_threshold is not None and self.score_decimals is not None:
            raise ValueError(
                f"score_decimals {self.score_decimals} and label_threshold {self.label_threshold} exclude each other: "
                "labels have no decimals; remove one",
            )
        return self

    @property
    def environment(self) -> dict[str, str]:
        """The serving container's variables (docs/contracts.md)."""
        told = {"ATOLL_OUT_OF_DISTRIBUTION": self.out_of_distribution}
        if self.score_decimals is not None:
            told["ATOLL_SCORE_DECIMALS"] = str(self.score_decimals)
        if self.label_threshold is not None:
            told |= {"ATOLL_LABEL_ONLY": "1", "ATOLL_LABEL_THRESHOLD": str(self.label_threshold)}
        return told


class Model(Section):
    """One model and where it serves."""

    target: Literal["sagemaker", "fargate"] = Field(description="What serves the model.")
    instance_type: str = Field(
        default="ml.m5.large",
        pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$",
        description="Instance type of the endpoint: x86, and without local disks, which refuse the key of volumes.",
    )
    minimum_instances: int = Field(default=2, ge=1, le=50, description="Fewest instances of the endpoint.")
    maximum_instances: int = Field(
        default=4,
        ge=1,
        le=50,
        description="Most instances of the endpoint; equal to minimum_instances: no scaling.",
    )
    traffic_shift: Literal["canary", "linear"] = Field(
        default="canary",
        description="How a release takes traffic over from two instances on: half and then all, or in four steps.",
    )
    invocations_per_instance: int = Field(
        default=600,
        ge=1,
        le=100_000,
        description="Invocations per instance and minute that scaling aims at.",
    )
    latency_alarm_ms: int = Field(default=500, ge=1, le=60_000, description="Model latency that rolls a release back.")
    max_model_bytes: int = Field(
        default=64_000_000,
        ge=1_000,
        le=5_000_000_000,
        description="Largest model file that the server loads.",
    )
    answers: Answers = Field(default_factory=Answers, description="What the endpoint tells: the section below.")
    minimum_average_precision: float = Field(
        ge=0, le=1, description="The gate: least average precision on test, of injected labels."
    )
    maximum_regression: float = Field(
        ge=0, le=1, description="The gate: most average precision that may be lost against the champion."
    )
    slice_fields: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,60}$")], ...] = Field(
        default=("amount",),
        max_length=10,
        description="The gate: fields whose slices are compared with the champion, one by one.",
    )
    slice_minimum_anomalies: int = Field(
        default=30, ge=1, description="The gate: slices of fewer anomalies are left out; their figures are chance."
    )
    maximum_slice_regression: float = Field(
        default=0.1, ge=0, le=1, description="The gate: most average precision that any one slice may lose."
    )

    @field_validator("instance_type")
    @classmethod
    def _instance_can_serve(cls, name: str) -> str:
        check_endpoint_instance(name)
        return name

    @model_validator(mode="after")
    def _range_is_ordered(self) -> Self:
        if self.maximum_instances < self.minimum_instances:
            raise ValueError(
                f"maximum_instances {self.maximum_instances} is below minimum_instances {self.minimum_instances}",
            )
        return self
