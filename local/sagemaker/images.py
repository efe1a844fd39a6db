"""Container images without a container daemon: a repository's name stands for a command of this project."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local.sagemaker.errors import JobFailedError


@dataclass(frozen=True)
class Image:
    """A command that stands for an image.

    `argv` is what the image's ENTRYPOINT runs here, `entrypoint` how the image spells it, and `digest` gives the
    digest (`sha256:<64 hex>`) of what `argv` would run at this moment.
    """

    argv: tuple[str, ...]
    digest: Callable[[], str]
    entrypoint: tuple[str, ...] = ()


@dataclass(frozen=True)
class PulledImage:
    """An image whose digest is the one asked for; `resolved` is the reference by digest."""

    image: Image
    resolved: str


def pull(images: Mapping[str, Image], reference: str) -> PulledImage:
    """Find the image that `reference` names (`<registry>/<repository>@sha256:...`).

    Raises:
        JobFailedError: The repository is unknown, the reference has no digest, or the digest isn't today's.
    """
    repository, _, digest = reference.partition("@")
    name = repository.partition("/")[2] if "." in repository.partition("/")[0] else repository
    refusal = f"CannotPullContainerError: {reference}:"
    if name not in images:
        known = ", ".join(sorted(images))
        raise JobFailedError(f"{refusal} repository {name!r} is unknown to the local AWS, which runs {known}")
    if not digest:
        raise JobFailedError(f"{refusal} a reference by digest (@sha256:...) was expected")
    present = images[name].digest()
    if digest != present:
        raise JobFailedError(f"{refusal} manifest unknown; the code in this folder has the digest {present}")
    return PulledImage(images[name], reference)


def entrypoint_argv(image: Image, entrypoint: list[str] | None) -> list[str]:
    """The command for a job that may name the image's own entry point.

    Raises:
        JobFailedError: It names another one, which only a container could run.
    """
    if entrypoint and tuple(entrypoint) != image.entrypoint:
        raise JobFailedError(
            f"ClientError: the entry point {entrypoint} isn't the image's own {list(image.entrypoint)}; "
            "the local AWS has no container to run another one in"
        )
    return list(image.argv)
