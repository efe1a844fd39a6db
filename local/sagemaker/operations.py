"""SageMaker's operations, each a function from parameters to an answer."""

from collections.abc import Callable
from functools import partial

from botocore.utils import parse_to_aware_datetime

from local.sagemaker import models, shapes, tuning
from local.sagemaker.backend import Backend
from local.sagemaker.endpoints import Endpoints
from local.sagemaker.errors import InvalidRequestError
from local.sagemaker.processing import create_processing_job, stop_processing_job
from local.sagemaker.records import ENDPOINT, KINDS, Kind, Record
from local.sagemaker.training import create_training_job, stop_training_job

Operation = Callable[[Record], Record]
_PAGE = 100

# What each Create and Update honours, or keeps on record because it has no effect on one machine (networks, keys,
# experiment names). Anything else that AWS knows is refused: better loud than ignored.
_JOB = {"RoleArn", "Environment", "ExperimentConfig", "StoppingCondition", "Tags"}
HONOURED: dict[str, set[str]] = {
    "CreateTrainingJob": _JOB | {"TrainingJobName", "HyperParameters", "AlgorithmSpecification", "InputDataConfig",
        "OutputDataConfig", "ResourceConfig", "VpcConfig", "EnableNetworkIsolation", "EnableManagedSpotTraining",
        "EnableInterContainerTrafficEncryption", "ProfilerConfig", "DebugHookConfig"},
    "CreateProcessingJob": _JOB | {"ProcessingJobName", "ProcessingInputs", "ProcessingOutputConfig",
        "ProcessingResources", "AppSpecification", "NetworkConfig"},
    "CreateHyperParameterTuningJob": {"HyperParameterTuningJobName", "HyperParameterTuningJobConfig",
        "TrainingJobDefinition", "Tags"},
    "CreateModel": {"ModelName", "PrimaryContainer", "Containers", "ExecutionRoleArn", "Tags", "VpcConfig",
        "EnableNetworkIsolation"},
    "CreateEndpointConfig": {"EndpointConfigName", "ProductionVariants", "Tags", "KmsKeyId", "ExecutionRoleArn",
        "VpcConfig", "EnableNetworkIsolation", "DataCaptureConfig"},
    "CreateEndpoint": {"EndpointName", "EndpointConfigName", "DeploymentConfig", "Tags"},
    "UpdateEndpoint": {"EndpointName", "EndpointConfigName", "DeploymentConfig", "RetainAllVariantProperties",
        "RetainDeploymentConfig"},
    "UpdateEndpointWeightsAndCapacities": {"EndpointName", "DesiredWeightsAndCapacities"},
}  # fmt: skip


def build_operations(backend: Backend, endpoints: Endpoints) -> dict[str, Operation]:
    """All operations by name."""
    own = {
        "CreateTrainingJob": create_training_job,
        "StopTrainingJob": stop_training_job,
        "CreateProcessingJob": create_processing_job,
        "StopProcessingJob": stop_processing_job,
        "CreateHyperParameterTuningJob": tuning.create_tuning_job,
        "StopHyperParameterTuningJob": tuning.stop_tuning_job,
        "ListTrainingJobsForHyperParameterTuningJob": tuning.list_training_jobs,
        "CreateModel": models.create_model,
        "DeleteModel": models.delete_model,
        "CreateEndpointConfig": models.create_endpoint_config,
        "DeleteEndpointConfig": models.delete_endpoint_config,
        "AddTags": _add_tags,
        "ListTags": _list_tags,
        "DeleteTags": _delete_tags,
    }
    operations: dict[str, Operation] = {name: partial(function, backend) for name, function in own.items()}
    operations |= {"CreateEndpoint": endpoints.create, "UpdateEndpoint": endpoints.update}
    operations |= {"UpdateEndpointWeightsAndCapacities": endpoints.resize, "DeleteEndpoint": endpoints.delete}
    for kind in KINDS:
        operations[f"Describe{kind.title}"] = partial(_describe, backend, kind)
        operations[f"List{kind.title}s"] = partial(_list, backend, kind)
    return operations


def check(operation: str, params: Record) -> None:
    """Refuse requests that AWS's model doesn't allow, or that carry members which nothing here honours.

    Raises:
        InvalidRequestError: With the member and what is wrong with it.
    """
    shapes.check("sagemaker", operation, params)
    ignored = params.keys() - HONOURED.get(operation, params.keys())
    if ignored:
        raise InvalidRequestError(f"The local AWS doesn't know what {operation} does with {sorted(ignored)}.")


def _describe(backend: Backend, kind: Kind, params: Record) -> Record:
    members = shapes.output_members("sagemaker", f"Describe{kind.title}")
    record = backend.records.get(kind, params[kind.name_member])
    return {name: value for name, value in record.items() if name in members}


def _list(backend: Backend, kind: Kind, params: Record) -> Record:
    known = {"NameContains", "StatusEquals", "LastModifiedTimeAfter", "SortBy", "SortOrder", "MaxResults", "NextToken"}
    if unknown := params.keys() - known:
        raise InvalidRequestError(f"The local AWS doesn't know the filter {sorted(unknown)} of List{kind.title}s.")
    since = parse_to_aware_datetime(params.get("LastModifiedTimeAfter", 0))
    found = [
        record
        for record in backend.records.all(kind)
        if params.get("NameContains", "").lower() in record[kind.name_member].lower()
        and params.get("StatusEquals", record.get(kind.status_member)) == record.get(kind.status_member)
        and record["LastModifiedTime"] > since
    ]
    order = {"Name": kind.name_member, "Status": kind.status_member}.get(params.get("SortBy", ""), "CreationTime")
    found.sort(key=lambda record: record[order], reverse=params.get("SortOrder", "Descending") == "Descending")
    start = int(params.get("NextToken", "0"))
    end = start + params.get("MaxResults", _PAGE)
    member = f"{kind.title}s" if kind.title in ("Model", "EndpointConfig", "Endpoint") else f"{kind.title}Summaries"
    members = shapes.summary_members("sagemaker", f"List{kind.title}s", member)
    page = [{name: value for name, value in record.items() if name in members} for record in found[start:end]]
    return {member: page} | ({"NextToken": str(end)} if end < len(found) else {})


def _add_tags(backend: Backend, params: Record) -> Record:
    tags = backend.records.tags(params["ResourceArn"]) | {tag["Key"]: tag["Value"] for tag in params["Tags"]}
    backend.records.set_tags(params["ResourceArn"], tags)
    _maintain(backend, params["ResourceArn"], tags)
    return _list_tags(backend, params)


def _maintain(backend: Backend, arn: str, tags: dict[str, str]) -> None:
    """Bring an endpoint into the status that its tag `local-aws:status` names: AWS maintains when it likes."""
    name = backend.records.name_of(ENDPOINT, arn)
    if name and (status := tags.get("local-aws:status")):
        backend.records.change(ENDPOINT, name, EndpointStatus=status)


def _list_tags(backend: Backend, params: Record) -> Record:
    tags = backend.records.tags(params["ResourceArn"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def _delete_tags(backend: Backend, params: Record) -> Record:
    tags = backend.records.tags(params["ResourceArn"])
    kept = {key: value for key, value in tags.items() if key not in params["TagKeys"]}
    backend.records.set_tags(params["ResourceArn"], kept)
    return {}
