"""Which engine computes a ledger's features, and out of which image."""

from typing import Literal, Self

from pydantic import Field, model_validator

from stacks.settings_section import DIGEST, Section


class Etl(Section):
    """How ETL jobs run."""

    engine: Literal["duckdb", "spark"] = Field(
        default="duckdb",
        description="duckdb: within the job's process; spark: the same expressions on Spark, in an image that has it.",
    )
    image: str | None = Field(
        default=None,
        pattern=DIGEST,
        description="Digest in atoll/model of your image with Java 17 and pyspark (docs/decisions/0005), for spark.",
    )

    @model_validator(mode="after")
    def _an_image_goes_with_spark(self) -> Self:
        if self.image and self.engine != "spark":
            raise ValueError(f'image goes with engine = "spark", and engine is "{self.engine}"; leave one of them out')
        return self
