"""What an endpoint must run: the deployed template's container with a release's parameters, and nothing else.

Image and address are derived as stacks/endpoint.py writes them (tests/infrastructure holds both against each other);
the environment is the template's own, whole: one more variable may choose another code.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from lambdas.release.records import Container, Release


class ExpectedError(Exception):
    """The deployed template doesn't tell what its container is given: it isn't one that Atoll writes."""


def container(template: str, release: Release, *, model: str, repository: str, bucket: str) -> Container:
    """Return the one container that a template gives an endpoint with these parameters.

    Raises:
        ExpectedError: the template has not exactly one model, or its environment holds more than texts and parameters.
    """
    try:
        resources = json.loads(template)["Resources"].values()
        (found,) = [each["Properties"] for each in resources if each.get("Type") == "AWS::SageMaker::Model"]
        given = found["PrimaryContainer"]["Environment"]
        environment = {name: _value(value, release.parameters()) for name, value in given.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExpectedError(
            f"The deployed template of {model} doesn't tell the environment of its one container ({error!r:.200}). "
            "Deploy the endpoint's stack anew (docs/runbooks/release-hangs.md)."
        ) from error
    return Container(
        image=f"{repository}@{release.image_digest}",
        data=f"s3://{bucket}/models/{model}/{release.manifest_sha256}/model.tar.gz",
        environment=environment,
    )


def _value(value: Any, parameters: Mapping[str, str]) -> str:  # noqa: ANN401 - a template's JSON
    return parameters[value["Ref"]] if isinstance(value, dict) else str(value)


def problem(running: Iterable[Container], allowed: Iterable[Container]) -> str | None:
    """Return what runs and is nothing that was approved; None when all of it is."""
    known = list(allowed)
    for each in running:
        if each not in known:
            return f"a container runs that nobody approved: {difference(each, known)}"
    return None


def difference(running: Container, known: Iterable[Container]) -> str:
    """Return in which words a container differs from the one that is most like it."""
    differences = [list(_differences(running, other)) for other in known]
    shortest = min(differences, key=len, default=[f"image {running.image!r:.200}, data {running.data!r:.300}"])
    return "; ".join(shortest)[:800]


def _differences(running: Container, other: Container) -> Iterable[str]:
    for what, found, right in (("image", running.image, other.image), ("data", running.data, other.data)):
        if found != right:
            yield f"{what} {found!r:.300}, expected {right!r:.300}"
    for name in sorted({*running.environment, *other.environment}):
        found, right = running.environment.get(name), other.environment.get(name)
        if found != right:
            yield f"variable {name!r:.80} is {found!r:.120}, expected {right!r:.120}"
