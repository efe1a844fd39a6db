"""What serves an endpoint: fleets, each of one configuration, and how much of the traffic each of them takes."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from local.sagemaker import emulator
from local.sagemaker.backend import Backend
from local.sagemaker.errors import ServiceError
from local.sagemaker.records import MODEL, Record
from local.sagemaker.servers import ModelServer

_CHANCE = secrets.SystemRandom()


@dataclass(frozen=True)
class Variant:
    """A production variant in service: one server, whatever its count of instances says."""

    name: str
    weight: float
    server: ModelServer


@dataclass(frozen=True)
class Fleet:
    """The variants of one endpoint configuration."""

    config: Record
    variants: tuple[Variant, ...]

    @classmethod
    def start(cls, backend: Backend, endpoint: str, config: Record) -> Self:
        """Start a server per variant and wait until all are ready; when one fails, all are ended.

        Raises:
            JobFailedError: A server didn't get ready.
        """
        variants: list[Variant] = []
        try:
            for item in config["ProductionVariants"]:
                model = backend.records.get(MODEL, item["ModelName"])
                stream = f"{item['VariantName']}/i-{secrets.token_hex(8)}"
                log = emulator.log_stream(f"/aws/sagemaker/Endpoints/{endpoint}", stream)
                server = ModelServer(backend, model, {}, log)
                variants.append(Variant(item["VariantName"], float(item.get("InitialVariantWeight", 1)), server))
                server.wait_until_ready()
        except Exception:
            end(variants)
            raise
        return cls(config, tuple(variants))

    def end(self) -> None:
        """End its servers."""
        end(self.variants)

    def described(self, former: list[Record]) -> list[Record]:
        """Give the variants as DescribeEndpoint shows them; `former` are the ones whose counts are retained.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html, RetainAllVariantProperties
        """
        retained = {each["VariantName"]: each for each in former}
        return [_describe(self._item(each.name), each, retained.get(each.name)) for each in self.variants]

    def _item(self, name: str) -> Record:
        return next(item for item in self.config["ProductionVariants"] if item["VariantName"] == name)


@dataclass(frozen=True)
class Traffic:
    """Who answers: a fleet, and beside it, while a deployment shifts traffic, the new one with its share."""

    fleet: Fleet
    new: Fleet | None = None
    share: float = 0.0

    def choose(self, endpoint: str, wanted: str | None) -> tuple[Fleet, Variant]:
        """Choose a fleet by its share, and in it the wanted variant, else one by weight.

        Raises:
            ServiceError: No such variant (`ValidationError`).
        """
        fleet = self.new if self.new and _CHANCE.random() < self.share else self.fleet
        variants = [each for each in fleet.variants if wanted in (None, each.name)]
        if not variants:
            raise nothing_serves(endpoint, wanted)
        return fleet, _CHANCE.choices(variants, [each.weight for each in variants])[0]


def nothing_serves(endpoint: str, wanted: str | None) -> ServiceError:
    """AWS's answer when there is no such endpoint or variant in service."""
    what = f"variant {wanted} of endpoint {endpoint}" if wanted else f"endpoint {endpoint}"
    return ServiceError("ValidationError", f"No {what} in service was found in this account.")


def end(variants: list[Variant] | tuple[Variant, ...]) -> None:
    """End the servers of variants."""
    for variant in variants:
        variant.server.end()


def _describe(item: Record, variant: Variant, retained: Record | None) -> Record:
    image = variant.server.pulled.resolved
    count, weight = item.get("InitialInstanceCount", 1), variant.weight
    if retained:
        count, weight = retained["DesiredInstanceCount"], retained["DesiredWeight"]
    return {
        "VariantName": variant.name,
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": datetime.now(UTC)}],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }
