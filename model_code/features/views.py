"""The two views of a ledger: what is known at authorisation, and what a review of past months can know."""

from collections.abc import Callable
from typing import NamedTuple

from model_code import view_names
from model_code.features.batch import BATCH_FEATURES
from model_code.features.feature import Feature
from model_code.features.fields import Moment
from model_code.features.own import Own, OwnColumn
from model_code.features.table import FEATURES
from model_code.features.windows import Window

SHARE_OF_THRESHOLD = "share_of_threshold"
CENTRE = "cost_centre"


class View(NamedTuple):
    """Features that belong together: a model is trained on one view and served the same, never a mixture."""

    name: str
    known_at: Moment
    features: tuple[Feature, ...]
    own: tuple[OwnColumn, ...] = ()
    """An agency's own columns that are known by then."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The features' names, in the model's order."""
        return tuple(feature.name for feature in self.features)

    def of_ledger(self, has: Callable[[str], bool], *, thresholds: bool) -> "View":
        """The view without what a ledger can't tell: of codes, offices, cost centres or limits that it lacks."""
        lacking = {name for name in ("mcc", "office", CENTRE) if not has(name)}
        known = [each for each in self.features if not lacking & set(each.fields)]
        return self._replace(features=tuple(each for each in known if thresholds or each.name != SHARE_OF_THRESHOLD))

    def with_own(self, own: Own) -> "View":
        """The view with an agency's own features behind its own."""
        known = tuple(each for each in own.columns if each.known_at <= self.known_at)
        return self._replace(features=(*self.features, *own.made), own=known)

    @property
    def compared(self) -> tuple[str, ...]:
        """What beside Atoll's fields makes a row another one, since the model reads it: the columns' names."""
        centre = (CENTRE,) if any(CENTRE in each.fields for each in self.features) else ()
        return (*centre, *(each.column for each in self.own if each.known_at == Moment.AUTHORISATION))

    @property
    def windows(self) -> tuple[Window, ...]:
        """What its features need of other purchases."""
        return tuple({window for feature in self.features for window in feature.expression.windows})


REALTIME = View(view_names.REALTIME, Moment.AUTHORISATION, FEATURES)
BATCH = View(view_names.BATCH, Moment.BOOKING, FEATURES + BATCH_FEATURES)
VIEWS = {view.name: view for view in (REALTIME, BATCH)}


def meanings(view: View) -> dict[str, dict[str, str]]:
    """What people read of each feature: its meaning, what its number counts (`unit`), and how it is `stored`.

    Of an agency's own ones also which side is `odd`, where it says so: a forest without labels is cut by those.
    """
    return {
        feature.name: {
            "meaning": feature.meaning,
            "unit": feature.expression.unit.name,
            "stored": feature.expression.unit.stored,
            **({"odd": feature.odd} if feature.odd else {}),
        }
        for feature in view.features
    }
