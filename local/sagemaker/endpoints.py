"""Endpoints: model servers behind a name, replaced only by ones that answered their health check."""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import capture, clock, emulator
from local.sagemaker.backend import Backend
from local.sagemaker.errors import InvalidRequestError, JobFailedError, ServiceError
from local.sagemaker.fleets import Fleet, Traffic, nothing_serves
from local.sagemaker.jobs import emit
from local.sagemaker.load import Load
from local.sagemaker.records import ENDPOINT, ENDPOINT_CONFIG, Record
from local.sagemaker.rollout import Rollout
from local.sagemaker.servers import Reply

logger = logging.getLogger("sagemaker")
_FAILURES = (JobFailedError, ServiceError, ClientError, BotoCoreError, OSError)
_REASON_LENGTH = 1024
_GONE = 503  # counted for a container that doesn't answer
_UNDELETABLE = frozenset({"Creating", "SystemUpdating"})


class Endpoints:
    """The endpoints of a backend and what serves them now."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._serving: dict[str, Traffic] = {}
        self._changes: dict[str, threading.Thread] = {}
        self.load = Load()

    def create(self, params: Record) -> Record:
        """CreateEndpoint: returns at once; the endpoint becomes InService or Failed."""
        self._rollout(params)
        arn = self._backend.records.add(ENDPOINT, params, EndpointStatus="Creating")
        self._begin(params, failed={"EndpointStatus": "Failed"})
        return {"EndpointArn": arn}

    def update(self, params: Record) -> Record:
        """UpdateEndpoint: returns at once; after a failure the old configuration serves on."""
        name = params["EndpointName"]
        record = self._backend.records.get(ENDPOINT, name)
        if params.get("RetainDeploymentConfig"):
            params = params | {"DeploymentConfig": record.get("LastDeploymentConfig", {})}
        self._rollout(params)
        if record["EndpointStatus"] not in ("InService", "Failed"):
            raise _in_progress(record)
        if record["EndpointStatus"] == "InService":  # without the old one, nothing can be shifted or rolled back
            self._backend.records.get(ENDPOINT_CONFIG, record["EndpointConfigName"])
        self._change(name, EndpointStatus="Updating", FailureReason=None)
        self._begin(params, failed={"EndpointStatus": record["EndpointStatus"]})
        return {"EndpointArn": record["EndpointArn"]}

    def resize(self, params: Record) -> Record:
        """UpdateEndpointWeightsAndCapacities: returns at once; the endpoint is Updating for three minutes of the clock.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpointWeightsAndCapacities.html
        """
        name = params["EndpointName"]
        record = self._backend.records.get(ENDPOINT, name)
        if record["EndpointStatus"] != "InService":
            raise _in_progress(record)
        wanted = {each["VariantName"]: each for each in params["DesiredWeightsAndCapacities"]}
        known = {each["VariantName"] for each in record["ProductionVariants"]}
        if unknown := wanted.keys() - known:
            raise InvalidRequestError(
                f"The endpoint {name!r} has no variant {sorted(unknown)}; it has {sorted(known)}."
            )
        variants = [_desiring(each, wanted.get(each["VariantName"], {})) for each in record["ProductionVariants"]]
        self._change(name, EndpointStatus="Updating", ProductionVariants=variants)
        self._run(name, self._reach_what_is_desired, name)
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
            self._run(name, self._remove, name, before)
        return {}

    def delete_and_wait(self, name: str) -> None:
        """Delete an endpoint and wait until it's gone, as CloudFormation does."""
        self.delete({"EndpointName": name})
        self._changes[name.lower()].join()

    def _remove(self, name: str, before: threading.Thread | None) -> None:
        if before:
            before.join()
        self._change(name, EndpointStatus="Deleting")
        if traffic := self._serving.pop(name.lower(), None):
            traffic.fleet.end()
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
        wanted = headers.get("x-amzn-sagemaker-target-variant")
        traffic = self._serving.get(name.lower())
        if traffic is None:
            raise nothing_serves(name, wanted)
        fleet, variant = traffic.choose(name, wanted)
        started = time.perf_counter()
        try:
            reply = variant.server.ask(body, _forwarded(headers))
        except JobFailedError as error:
            self._measure(name, fleet, variant.name, _GONE, time.perf_counter() - started)
            raise ServiceError("ModelError", str(error), status=424) from error
        self._measure(name, fleet, variant.name, reply.status, time.perf_counter() - started)
        capture.keep(self._backend, name, fleet.config, variant, body, headers, reply)
        return variant.name, reply

    def _rollout(self, params: Record) -> Rollout:
        """How these parameters shift traffic; refuses what AWS would refuse when it is asked."""
        config = self._backend.records.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        instances = min(each.get("InitialInstanceCount", 1) for each in config["ProductionVariants"])
        return Rollout.of(params.get("DeploymentConfig"), instances)

    def _begin(self, params: Record, *, failed: Record) -> None:
        name = params["EndpointName"]
        emit(ENDPOINT, self._backend, _for_event(self._backend.records.get(ENDPOINT, name)))
        self._run(name, self._deploy, params, failed)

    def _run(self, name: str, change: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=change, args=arguments, name=f"endpoint-{name}", daemon=True)
        self._changes[name.lower()] = thread
        thread.start()

    def _deploy(self, params: Record, failed: Record) -> None:
        name = params["EndpointName"]
        try:
            self._replace(name, params, failed)
        except _FAILURES as failure:
            self._change(name, FailureReason=str(failure)[-_REASON_LENGTH:], **failed)
        except Exception as failure:  # a defect of ours must end the change, not hang its waiters
            logger.exception("endpoint %s", name)
            self._change(name, FailureReason=f"InternalServerError: {failure!r}", **failed)

    def _replace(self, name: str, params: Record, failed: Record) -> None:
        config = self._backend.records.get(ENDPOINT_CONFIG, params["EndpointConfigName"])
        fleet, before = Fleet.start(self._backend, name, config), self._serving.get(name.lower())
        former = self._backend.records.get(ENDPOINT, name).get("ProductionVariants", [])
        retained = former if params.get("RetainAllVariantProperties") else []
        if before and not self._shift(name, before.fleet, fleet, params):
            self._change(name, PendingDeploymentSummary=None, **failed)  # no reason says why
            return
        self._serving[name.lower()] = Traffic(fleet)
        self._change(
            name,
            EndpointStatus="InService",
            EndpointConfigName=params["EndpointConfigName"],
            ProductionVariants=fleet.described(retained),
            LastDeploymentConfig=params.get("DeploymentConfig"),
            FailureReason=None,
            PendingDeploymentSummary=None,
        )
        if before:
            before.fleet.end()

    def _shift(self, name: str, old: Fleet, new: Fleet, params: Record) -> bool:
        pending = {"EndpointConfigName": params["EndpointConfigName"], "StartTime": datetime.now(UTC)}

        def shift(share: float) -> None:
            self._serving[name.lower()] = Traffic(old, new, share)
            variants = [each | {"CurrentWeight": each["DesiredWeight"] * share} for each in new.described([])]
            self._change(name, PendingDeploymentSummary=pending | {"ProductionVariants": variants})

        def is_ended() -> bool:
            return self._backend.records.get(ENDPOINT, name)["EndpointStatus"] == "Deleting"

        took_over = False
        try:
            took_over = self._rollout(params).carry_out(shift, is_ended)
        finally:
            if not took_over:
                self._serving[name.lower()] = Traffic(old)
                new.end()
        return took_over

    def _reach_what_is_desired(self, name: str) -> None:
        time.sleep(clock.real(180))
        variants = self._backend.records.get(ENDPOINT, name)["ProductionVariants"]
        reached = [each | {"CurrentWeight": each["DesiredWeight"], "CurrentInstanceCount": each["DesiredInstanceCount"]}
                   for each in variants]  # fmt: skip
        self._change(name, EndpointStatus="InService", ProductionVariants=reached)

    def _change(self, name: str, **fields: object) -> None:
        emit(ENDPOINT, self._backend, _for_event(self._backend.records.change(ENDPOINT, name, **fields)))

    def _measure(self, endpoint: str, fleet: Fleet, variant: str, status: int, seconds: float) -> None:
        variants = self._backend.records.get(ENDPOINT, endpoint).get("ProductionVariants", [])
        count = next((each["CurrentInstanceCount"] for each in variants if each["VariantName"] == variant), 1)
        self.load.note(endpoint, variant)
        values = {
            "Invocations": (1.0, "Count"),
            "InvocationsPerInstance": (1.0 / max(count, 1), "None"),
            "ModelLatency": (seconds * 1e6, "Microseconds"),
            "Invocation4XXErrors": (float(status // 100 == 4), "Count"),  # noqa: PLR2004 - 4xx
            "Invocation5XXErrors": (float(status // 100 == 5), "Count"),  # noqa: PLR2004 - 5xx
        }
        of_variant = {"EndpointName": endpoint, "VariantName": variant}
        for dimensions in (of_variant, of_variant | {"EndpointConfigName": fleet.config["EndpointConfigName"]}):
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


def _desiring(variant: Record, wanted: Record) -> Record:
    names = {"DesiredInstanceCount", "DesiredWeight"}
    return variant | {name: value for name, value in wanted.items() if name in names}


def _in_progress(record: Record) -> InvalidRequestError:
    name, status = record["EndpointName"], record["EndpointStatus"]
    return InvalidRequestError(f"Cannot update in-progress endpoint {name!r} ({status}).")


def _for_event(record: Record) -> Record:
    """Events spell an endpoint's status IN_SERVICE where the API says InService."""
    status = record["EndpointStatus"]
    return record | {"EndpointStatus": {"InService": "IN_SERVICE"}.get(status, status.upper())}
