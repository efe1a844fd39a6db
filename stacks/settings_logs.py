"""How long logs are kept: by a profile of OMB's, or by days of one's own."""

from typing import Literal, Self

from pydantic import Field, model_validator

from stacks.settings_section import Section

Days = Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
_SEARCHABLE = {"m-26-14": 180, "m-21-31": 365}
_RETRIEVABLE = {"m-26-14": 365, "m-21-31": 548}
"""Days in the archive, after those in which logs can be searched: 12 and 18 months (facts/govcloud.md, section 8)."""


class Logs(Section):
    """How long logs are kept."""

    profile: Literal["m-26-14", "m-21-31", "custom"] = Field(
        default="m-26-14",
        description="OMB M-26-14 (180 days searchable, then 365 in the archive), M-21-31 (365, then 548), or the days "
        "below.",
    )
    custom_searchable_days: Days = Field(default=180, description="Days in CloudWatch Logs, with profile custom.")
    custom_archive_days: int = Field(
        default=545,
        ge=30,
        le=3653,
        description="Days in S3 in all, with profile custom; more than the searchable ones.",
    )

    @model_validator(mode="after")
    def _archive_outlasts_search(self) -> Self:
        if self.custom_archive_days <= self.custom_searchable_days:
            raise ValueError(
                f"custom_archive_days {self.custom_archive_days} must be more than custom_searchable_days "
                f"{self.custom_searchable_days}: the archive begins where searching ends"
            )
        return self

    @property
    def searchable_days(self) -> int:
        """Days that log groups keep, and after which log objects go to the archive."""
        return _SEARCHABLE.get(self.profile, self.custom_searchable_days)

    @property
    def archive_days(self) -> int:
        """Days that log objects in S3 are kept in all; the Object Lock retention of the audit and release stores."""
        if self.profile == "custom":
            return self.custom_archive_days
        return self.searchable_days + _RETRIEVABLE[self.profile]
