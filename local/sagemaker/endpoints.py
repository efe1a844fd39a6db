"""Endpoints: model servers behind a name, replaced only by ones that answered their health check."""

import logging
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import emulator, rollback
from local.sagemaker.backend import Backend
from local.sagemaker.errors import InvalidRequestError, JobFailedError, ServiceError
from local.sagemaker.jobs import emit
from local.sagemaker.records import ENDPOINT, ENDPOINT_CONFIG, MODEL, Record
from local.sagemaker.servers import ModelServer, Reply

logger = logging.getLogger("sagemaker")
_FAILURES = (JobFailedError, ServiceError, ClientError, BotoCoreError, OSError)
_REASON_LENGTH = 1024
_GONE = 503  # counted for a container that doesn't answer
_UNDELETABLE = frozenset({"Creating", "SystemUpdating"})


@dataclass(frozen=True)
class Variant:
    """A production variant in service."""

    name: str
    weight: float
    server: ModelServer


class Endpoints:
    """The endpoints of a backend and what serves them now."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._serving: dict[str, list[Variant]] = {}
        self._changes: dict[str, threading.Thread] = {}

    def create(self, params: Record) -> Record:
        """CreateEndpoint: returns at once; the endpoint becomes InService or Failed."""
        self._backend.records.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        arn = self._backend.records.add(ENDPOINT, params, EndpointStatus="Creating")
        self._begin(params, failed={"EndpointStatus": "Failed"})
        return {"EndpointArn": arn}

    def update(self, params: Record) -> Record:
        """UpdateEndpoint: returns at once; after a failure the old configuration serves on."""
        name = params["EndpointName"]
        record = self._backend.records.get(ENDPOINT, name)
        self._backend.records.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        if record["EndpointStatus"] not in ("InService", "Failed"):
            raise InvalidRequestError(f"Cannot update in-progress endpoint {name!r} ({record['EndpointStatus']}).")
        if record["EndpointStatus"] == "InService":  # without the old one, nothing can be shifted or rolled back
            self._backend.records.get(ENDPOINT_CONFIG, record["EndpointConfigName"])
        self._change(name, EndpointStatus="Updating", FailureReason=None)
        self._begin(params, failed={"EndpointStatus": record["EndpointStatus"]})
        return {"EndpointArn": record["EndpointArn"]}

    def delete(self, params: Record) -> Record:
        """DeleteEndpoint: returns at once, and is no proof: the endpoint is gone when it can't be described any more.

        Raises:
            InvalidRequestError: It is being created or maintained.
        """
        name = params["EndpointName"]
        status = self._backend.records.get(ENDPOINT, name)["EndpointStatus"]
        if status in _UNDELETABLE:
            raise InvalidRequestError(f"Cannot delete endpoint {name!r} in status {status}.")
        if status != "Deleting":
            before = self._changes.get(name.lower())
            self._change(name, EndpointStatus="Deleting")
            thread = threading.Thread(target=self._remove, args=(name, before), name=f"end-{name}", daemon=True)
            self._changes[name.lower()] = thread
            thread.start()
        return {}

    def delete_and_wait(self, name: str) -> None:
        """Delete an endpoint and wait until it's gone, as CloudFormation does."""
        self.delete({"EndpointName": name})
        self._changes[name.lower()].join()

    def _remove(self, name: str, before: threading.Thread | None) -> None:
        if before:
            before.join()
        self._change(name, EndpointStatus="Deleting")
        self._end(self._serving.pop(name.lower(), []))
        self._backend.records.remove(ENDPOINT, name)

    def wait(self, name: str) -> Record:
        """Wait for the end of a running change (health checks bound it); returns the endpoint's record."""
        change = self._changes.get(name.lower())
        if change:
            change.join()
        return self._backend.records.get(ENDPOINT, name)

    def invoke(self, name: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, Reply]:
        """Ask a variant (the one named in the headers, else by weight); returns its name and the answer.

        Raises:
            ServiceError: No such endpoint or variant (`ValidationError`), or the container is gone (`ModelError`).
        """
        variants = self._serving.get(name.lower(), [])
        wanted = headers.get("x-amzn-sagemaker-target-variant")
        variants = [variant for variant in variants if wanted in (None, variant.name)]
        if not variants:
            what = f"variant {wanted} of endpoint {name}" if wanted else f"endpoint {name}"
            raise ServiceError("ValidationError", f"No {what} in service was found in this account.")
        variant = secrets.SystemRandom().choices(variants, [item.weight for item in variants])[0]
        started = time.perf_counter()
        try:
            reply = variant.server.ask(body, _forwarded(headers))
        except JobFailedError as error:
            self._measure(name, variant.name, _GONE, time.perf_counter() - started)
            raise ServiceError("ModelError", str(error), status=424) from error
        self._measure(name, variant.name, reply.status, time.perf_counter() - started)
        return variant.name, reply

    def _begin(self, params: Record, *, failed: Record) -> None:
        key = params["EndpointName"].lower()
        thread = threading.Thread(target=self._deploy, args=(params, failed), name=f"endpoint-{key}", daemon=True)
        self._changes[key] = thread
        emit(ENDPOINT, self._backend, _for_event(self._backend.records.get(ENDPOINT, key)))
        thread.start()

    def _deploy(self, params: Record, failed: Record) -> None:
        name = params["EndpointName"]
        try:
            config = self._backend.records.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
            variants = self._start(name, config)
        except _FAILURES as failure:
            self._change(name, FailureReason=str(failure)[-_REASON_LENGTH:], **failed)
            return
        except Exception as failure:  # a defect of ours must end the change, not hang its waiters
            logger.exception("endpoint %s", name)
            self._change(name, FailureReason=f"InternalServerError: {failure!r}", **failed)
            return
        if name.lower() in self._serving and rollback.tripped(params):
            self._end(variants)
            self._change(name, **failed)  # in service on the old configuration, and no reason says why
            return
        before = self._serving.get(name.lower(), [])
        self._serving[name.lower()] = variants
        self._change(
            name,
            EndpointStatus="InService",
            EndpointConfigName=params["EndpointConfigName"],
            ProductionVariants=[
                _describe(item, self._variant(variants, item)) for item in config["ProductionVariants"]
            ],
            LastDeploymentConfig=params.get("DeploymentConfig"),
            FailureReason=None,
        )
        self._end(before)

    def _start(self, name: str, config: Record) -> list[Variant]:
        """Start a server per variant; when one fails, all are ended."""
        variants: list[Variant] = []
        try:
            for item in config["ProductionVariants"]:
                model = self._backend.records.get(MODEL, item["ModelName"])
                log = emulator.log_stream(
                    f"/aws/sagemaker/Endpoints/{name}", f"{item['VariantName']}/i-{secrets.token_hex(8)}"
                )
                server = ModelServer(self._backend, model, {}, log)
                variants.append(Variant(item["VariantName"], float(item.get("InitialVariantWeight", 1)), server))
                server.wait_until_ready()
        except Exception:
            self._end(variants)
            raise
        return variants

    @staticmethod
    def _variant(variants: list[Variant], item: Record) -> Variant:
        return next(variant for variant in variants if variant.name == item["VariantName"])

    @staticmethod
    def _end(variants: list[Variant]) -> None:
        for variant in variants:
            variant.server.end()

    def _change(self, name: str, **fields: object) -> None:
        emit(ENDPOINT, self._backend, _for_event(self._backend.records.change(ENDPOINT, name, **fields)))

    def _measure(self, endpoint: str, variant: str, status: int, seconds: float) -> None:
        values = {
            "Invocations": (1.0, "Count"),
            "ModelLatency": (seconds * 1e6, "Microseconds"),
            "Invocation4XXErrors": (float(status // 100 == 4), "Count"),  # noqa: PLR2004 - 4xx
            "Invocation5XXErrors": (float(status // 100 == 5), "Count"),  # noqa: PLR2004 - 5xx
        }
        of_variant = {"EndpointName": endpoint, "VariantName": variant}
        config = self._backend.records.get(ENDPOINT, endpoint).get("EndpointConfigName", "")
        for dimensions in (of_variant, of_variant | {"EndpointConfigName": config}):
            emulator.put_metrics("AWS/SageMaker", dimensions, values)


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that SageMaker hands on to the container."""
    names = {
        "content-type": "Content-Type",
        "accept": "Accept",
        "x-amzn-sagemaker-custom-attributes": "X-Amzn-SageMaker-Custom-Attributes",
        "x-amzn-sagemaker-inference-id": "X-Amzn-SageMaker-Inference-Id",
    }
    return {name: headers[key] for key, name in names.items() if key in headers}


def _describe(item: dict[str, Any], variant: Variant) -> Record:
    image = variant.server.pulled.resolved
    count, weight = item.get("InitialInstanceCount", 1), variant.weight
    return {
        "VariantName": variant.name,
        "DeployedImages": [{"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": datetime.now(UTC)}],
        "CurrentWeight": weight,
        "DesiredWeight": weight,
        "CurrentInstanceCount": count,
        "DesiredInstanceCount": count,
    }


def _for_event(record: Record) -> Record:
    """Events spell an endpoint's status IN_SERVICE where the API says InService."""
    status = record["EndpointStatus"]
    return record | {"EndpointStatus": {"InService": "IN_SERVICE"}.get(status, status.upper())}
