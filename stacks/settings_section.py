"""What every section of the settings has in common."""

from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

DIGEST = r"^sha256:[0-9a-f]{64}$"
"""An image's digest."""


class Section(BaseModel):
    """A section of the TOML file: no unknown setting, no guessing at types (`"yes"` is not true), no later change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @model_validator(mode="before")
    @classmethod
    def _lists_are_tuples(cls, values: Any) -> Any:  # noqa: ANN401 - whatever stands in the file
        """Take TOML's lists for the tuples that frozen settings hold."""
        if not isinstance(values, dict):
            return values
        return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
