"""What an endpoint may answer, and to whom: the settings of a server."""

import dataclasses

import numpy as np

from model_code.errors import InputError

PROBABILITIES = {"binary:logistic", "reg:logistic"}
CLASSES = {"multi:softprob", "multi:softmax"}


@dataclasses.dataclass(frozen=True)
class Policy:
    """The settings; the defaults are an endpoint that answers everything to everyone who reaches it."""

    refuse_unusual: bool = False
    """Refuse rows out of the training's distribution (400), instead of counting and flagging them."""
    decimals: int | None = None
    """Round scores to so many decimals; None gives them as they are."""
    label_only: bool = False
    """Answer labels and neither scores nor reasons, which tell more about the model."""
    threshold: float = 0.5
    """From this probability on the label is 1."""
    caller_header: bytes = b"x-atoll-caller"
    """The header in which a trusted front names the caller. SageMaker doesn't tell a container who calls."""
    rows_per_minute: int | None = None
    """What one caller may ask of this server in a minute; None is no limit."""
    metrics: bool = False
    """Answer GET /metrics."""

    def check(self, objective: str) -> None:
        """Check that a model of this objective can be served so.

        Raises:
            InputError: it has no labels.
        """
        if self.label_only and objective not in PROBABILITIES | CLASSES:
            raise InputError(
                f"ATOLL_LABEL_ONLY is set and the model's objective is {objective}, whose scores are no labels; "
                f"expected one of {', '.join(sorted(PROBABILITIES | CLASSES))}."
            )

    def rounded(self, scores: np.ndarray) -> np.ndarray:
        """Return the scores with as many decimals as may be told."""
        return scores if self.decimals is None else np.round(scores.astype(np.float64), self.decimals)
