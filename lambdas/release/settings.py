"""The environment of the functions, parsed once."""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

Text = Annotated[str, Field(min_length=1)]
Share = Annotated[float, Field(ge=0, le=1)]


class SettingsError(Exception):
    """The function's environment is incomplete or wrong."""


def _split(value: object) -> object:
    return tuple(filter(None, value.split(","))) if isinstance(value, str) else value


class Environment(BaseModel):
    """A frozen record whose field `x` comes from the variable `ATOLL_X`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    @classmethod
    def parse(cls, environment: Mapping[str, str]) -> Self:
        """Read the record's fields.

        Raises:
            SettingsError: names every variable that is missing or wrong, with its value.
        """
        found = {
            name: environment[f"ATOLL_{name.upper()}"]
            for name in cls.model_fields
            if f"ATOLL_{name.upper()}" in environment
        }
        try:
            return cls.model_validate(found)
        except ValidationError as error:
            faults = [_sentence(str(fault["loc"][0]), fault, found) for fault in error.errors()]
            raise SettingsError(
                f"The function's environment is wrong: {' '.join(faults)} The stacks set it."
            ) from error


def _sentence(name: str, fault: Mapping[str, object], found: Mapping[str, str]) -> str:
    value = f"is {found[name]!r}" if name in found else "is not set"
    return f"ATOLL_{name.upper()} {value} ({fault['msg']})."


class Settings(Environment):
    """What the release functions are told by their stack."""

    models: Annotated[tuple[Text, ...], BeforeValidator(_split), Field(min_length=1)]
    data_bucket: Text
    release_bucket: Text
    audit_bucket: Text
    topic_arn: Text
    tracking_secret_arn: Text
    endpoint_service_role_arn: Text
    signing_key_arn: Text
    approver_role_arn: Text
    deployer_role_arn: Text
    asker_role_arn: Text
    trainer_role_arn: Text
    minimum_average_precision: Share
    maximum_regression: Share
    slice_fields: Annotated[tuple[Text, ...], BeforeValidator(_split)]
    slice_minimum_anomalies: Annotated[int, Field(ge=1)]
    maximum_slice_regression: Share
    former_images: Annotated[tuple[Text, ...], BeforeValidator(_split)] = ()
    moved_manifests: Annotated[tuple[Text, ...], BeforeValidator(_split)] = ()
    request_expires_after_days: Annotated[int, Field(ge=1)] = 14

    @property
    def region(self) -> str:
        """The region of this deployment; empty where its topic has no ARN."""
        return self.home.rpartition("/")[2]

    @property
    def home(self) -> str:
        """The account and region of this deployment, as its topic's ARN has them (`123456789012/us-gov-west-1`)."""
        parts = self.topic_arn.split(":")
        return f"{parts[4]}/{parts[3]}" if len(parts) > 5 else ""  # noqa: PLR2004 - an ARN's six parts
