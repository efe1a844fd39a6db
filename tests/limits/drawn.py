"""Deployments drawn at random from what settings allow."""

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as how
from hypothesis import strategies as st

from stacks.settings import PROVIDERS_THAT_NAME, Settings
from tests.limits.extremes import brought, least, longest

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_NAMES = _LETTERS + _LETTERS.upper() + "0123456789_+=,.@-"


def word(most: int, *, least: int = 1, letters: str = _LETTERS) -> st.SearchStrategy[str]:
    """Draw a text of these letters."""
    return st.text(letters, min_size=least, max_size=most)


@st.composite
def deployments(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a deployment: one of the shapes, with names, numbers and switches of its own."""
    region = draw(st.sampled_from(["us-gov-west-1", "us-gov-east-1", "us-east-1"]))
    wanted = draw(st.sampled_from([longest(region), brought(region.replace("us-east", "us-gov-west")), least()]))
    wanted["identity"] |= draw(_identities(wanted["deployment"]["production"]))
    wanted["tracking"] |= {"domain": draw(_hosts()), "port": draw(st.integers(1, 65535))}
    if "existing" not in wanted["network"]:  # whose endpoints are named by their FIPS hosts
        wanted["network"]["fips"] = draw(st.sampled_from([None, True, False]))
    if "several_instances" in wanted["network"]:
        wanted["network"]["availability_zones"] = wanted["network"]["availability_zones"][: draw(st.integers(2, 3))]
    if wanted["deployment"]["region"] != "us-gov-east-1":
        wanted["models"] = {draw(_models()): draw(_serving(wanted.get("models", {})))}
    return wanted


@st.composite
def _identities(draw: st.DrawFn, production: bool) -> dict[str, Any]:  # noqa: FBT001 - drawn
    path = draw(st.lists(word(16, letters=_NAMES), max_size=5))
    who = [f"role/{name}" for name in draw(st.lists(word(100, letters=_NAMES), min_size=1, max_size=10, unique=True))]
    return {
        "role_path": "/" + "".join(f"{part}/" for part in path),
        "role_name_prefix": draw(word(20, least=0, letters=_NAMES)),
        "permissions_boundary": draw(word(200, letters=_NAMES)) if production or draw(st.booleans()) else None,
        "identity_providers": who,
        "source_identity": len(who) <= PROVIDERS_THAT_NAME and draw(st.booleans()),
    }


@st.composite
def _hosts(draw: st.DrawFn) -> str:
    labels = draw(st.lists(word(63), min_size=2, max_size=3))
    return ".".join(["mlflow", *labels])[:200].rstrip(".")


@st.composite
def _models(draw: st.DrawFn) -> str:
    return draw(st.from_regex(r"[a-z][a-z0-9-]{1,40}[a-z0-9]", fullmatch=True))


@st.composite
def _serving(draw: st.DrawFn, of_shape: dict[str, Any]) -> dict[str, Any]:
    fewest = draw(st.integers(2, 50))
    drawn = {
        "target": "sagemaker",
        "minimum_instances": fewest,
        "maximum_instances": draw(st.integers(fewest, 50)),
        "traffic_shift": draw(st.sampled_from(["canary", "linear"])),
        "minimum_average_precision": draw(st.floats(0, 1)),
        "maximum_regression": draw(st.floats(0, 1)),
        "slice_fields": draw(st.lists(word(60), max_size=10, unique=True)),
    }
    return next(iter(of_shape.values()), {}) | drawn


def draw_and(examine: Callable[[Settings], None], count: int) -> None:
    """Draw so many deployments, the same ones each time, and have each examined."""

    @how(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(deployments())
    def each(wanted: dict[str, Any]) -> None:
        examine(Settings.model_validate(wanted))

    each()
