"""How long scored purchases are kept: they hold personal data."""

from pydantic import Field

from stacks.settings_section import Section


class Scores(Section):
    """How long what a scoring leaves is kept."""

    kept_days: int = Field(
        default=400,
        ge=1,
        le=3653,
        description="Days that objects below `scores/` of the data bucket are kept; a week later no version is left.",
    )
