"""Runs and versions in MLflow."""

import json
import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from lambdas.release.ports import RegistryError
from lambdas.release.records import RunRecord, Version

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

URL_PARAMETER = "/atoll/tracking/url"
CHAMPION = "champion"
JOB_TAG = "atoll.training_job_arn"


def open_client(ssm: Any, secrets: Any, *, secret_arn: str) -> "MlflowClient":  # noqa: ANN401 - boto3's clients
    """Return a client of the tracking server, whose address and credentials are read now.

    MLflow is imported here and not before: it costs more than a second of a cold start.
    """
    secret = json.loads(secrets.get_secret_value(SecretId=secret_arn)["SecretString"])
    os.environ["MLFLOW_TRACKING_USERNAME"] = secret["username"]
    os.environ["MLFLOW_TRACKING_PASSWORD"] = secret["password"]
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    from mlflow import MlflowClient  # noqa: PLC0415 - see above

    url = ssm.get_parameter(Name=URL_PARAMETER)["Parameter"]["Value"]
    return MlflowClient(tracking_uri=url, registry_uri=url)


class MlflowRegistry:
    """`ports.Registry` over an MLflow client, opened when first used."""

    def __init__(self, opened: Callable[[], "MlflowClient"]) -> None:
        self._open = opened

    @cached_property
    def _client(self) -> "MlflowClient":
        return self._open()

    def run_of(self, model: str, job_arn: str) -> str:
        """Return the id of the one run that carries the job's ARN, made now if there is none."""
        experiment = self._experiment(model)
        found = self._client.search_runs(
            [experiment], f"tags.`{JOB_TAG}` = '{job_arn}'", order_by=["attributes.start_time ASC"]
        )
        if found:
            return found[0].info.run_id
        name = job_arn.rpartition("/")[2]
        return self._client.create_run(experiment, tags={JOB_TAG: job_arn}, run_name=name).info.run_id

    def _experiment(self, model: str) -> str:
        if found := self._client.get_experiment_by_name(model):
            return found.experiment_id
        return self._client.create_experiment(model)

    def log(self, run_id: str, record: RunRecord) -> None:
        """Log everything of a run and end it; MLflow drops what it has already."""
        from mlflow.entities import Metric, Param, RunTag  # noqa: PLC0415 - see open_client

        at = int(record.ended.timestamp() * 1000)
        self._client.log_batch(
            run_id,
            metrics=[Metric(name, value, at, 0) for name, value in record.metrics.items()],
            params=[Param(name, value) for name, value in record.params.items()],
            tags=[RunTag(name, value) for name, value in record.tags.items()],
        )
        with TemporaryDirectory() as folder:
            for name, content in record.files.items():
                (Path(folder) / name).write_bytes(content)
            self._client.log_artifacts(run_id, folder)
        self._client.set_terminated(run_id, "FINISHED", end_time=at)

    def register(self, model: str, run_id: str, tags: Mapping[str, str]) -> Version:
        """Make a version of the run's artifacts, with its tags."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see open_client

        try:
            self._client.create_registered_model(model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        source = self._client.get_run(run_id).info.artifact_uri or ""
        return _version(self._client.create_model_version(model, source, run_id, tags=dict(tags)))

    def versions(self, model: str) -> list[Version]:
        """Return all versions of a model, the newest first; none when the model is unknown."""
        found: list[Version] = []
        token: str | None = None
        while token != "":
            page = self._client.search_model_versions(f"name = '{model}'", page_token=token)
            found += map(_version, page)
            token = page.token or ""
        return sorted(found, key=lambda v: int(v.number), reverse=True)

    def tag(self, version: Version, tags: Mapping[str, str]) -> Version:
        """Set tags `atoll.<name>` of a version, in the given order, and return it with them."""
        named = {f"atoll.{name}": value for name, value in tags.items()}
        with _refusals():
            for name, value in named.items():
                self._client.set_model_version_tag(version.model, version.number, name, value)
        return Version(
            model=version.model, number=version.number, run_id=version.run_id, tags={**version.tags, **named}
        )

    def champion(self, model: str) -> Version | None:
        """Return the version under the alias `champion`."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see open_client

        try:
            return _version(self._client.get_model_version_by_alias(model, CHAMPION))
        except MlflowException as error:
            if "not found" in str(error):
                return None
            raise

    def crown(self, version: Version) -> None:
        """Move the alias `champion`."""
        with _refusals():
            self._client.set_registered_model_alias(version.model, CHAMPION, version.number)

    def uncrown(self, model: str) -> None:
        """Remove the alias `champion`, if there is one."""
        with _refusals():
            if self.champion(model):
                self._client.delete_registered_model_alias(model, CHAMPION)

    def set_aside(self, model: str) -> None:
        """Give the registered model another name, so that one of ours can take its place; fine when there is none.

        Its grants go with it: who made the former one has no rights on the new one.
        """
        if self.versions(model):
            with _refusals():
                aside = f"{model}-set-aside-{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}"
                self._client.rename_registered_model(model, aside)


@contextmanager
def _refusals() -> Generator[None]:
    """Turn what MLflow does not take into a RegistryError."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - see open_client

    try:
        yield
    except MlflowException as error:
        raise RegistryError(f"MLflow did not take it: {error}") from error


def _version(found: "ModelVersion") -> Version:
    return Version(model=found.name, number=str(found.version), run_id=found.run_id or "", tags=dict(found.tags))
