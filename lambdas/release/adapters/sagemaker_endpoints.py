"""Endpoints and their stacks: what CloudFormation says, and what SageMaker really runs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

from lambdas.release.adapters.cloudformation_change_sets import with_templates_as_texts
from lambdas.release.ports import EndpointAnswerError
from lambdas.release.records import Container, Serving, Stack, Told, endpoint_of, stack_of

CALLERS, REFUSED = "atoll:callers", "refused"  # stacks.components.endpoint_access
MOST_ANSWER_BYTES = 1_000_000
"""Of twenty golden rows' scores."""
_MORE = ("AdditionalModelDataSources", "ImageConfig", "ModelPackageName", "MultiModelConfig")


class SageMakerEndpoints:
    """`ports.Endpoints` over boto3 clients."""

    def __init__(self, *, cloudformation: Any, sagemaker: Any, runtime: Any) -> None:  # noqa: ANN401 - boto3's clients
        self._cloudformation: Any = with_templates_as_texts(cloudformation) if cloudformation else None
        self._sagemaker = sagemaker
        self._runtime = runtime

    def stack(self, model: str) -> Stack:
        """Return the state of the model's endpoint stack."""
        stack = self._cloudformation.describe_stacks(StackName=stack_of(model))["Stacks"][0]
        parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}
        return Stack(
            arn=stack["StackId"],
            status=stack["StackStatus"],
            reason=stack.get("StackStatusReason", ""),
            release_id=parameters.get("ReleaseId", ""),
            changed=stack.get("LastUpdatedTime") or stack["CreationTime"],
            change_set=stack.get("ChangeSetId") or self._executed(model),
        )

    def stack_arn(self, model: str) -> str:
        """Return the ARN of a model's endpoint stack; empty where no stack is of that name.

        CloudFormation then answers with a ValidationError
        (https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html).
        """
        try:
            return self._cloudformation.describe_stacks(StackName=stack_of(model))["Stacks"][0]["StackId"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            return ""

    def _executed(self, model: str) -> str:
        """Return the ARN of what CloudFormation lists as executed (or being so), when the stack names no change set."""
        pages = self._cloudformation.get_paginator("list_change_sets").paginate(StackName=stack_of(model))
        executed = (c for page in pages for c in page["Summaries"] if c["ExecutionStatus"].startswith("EXECUTE_"))
        latest = max(executed, key=lambda c: c["CreationTime"], default=None)
        return latest["ChangeSetId"] if latest else ""

    def template(self, model: str) -> str:
        """Return the text of the stack's template, as it was submitted."""
        answer = self._cloudformation.get_template(StackName=stack_of(model), TemplateStage="Original")
        return answer["TemplateBody"]

    def serving(self, model: str) -> Serving | None:
        """Return what the endpoint runs; None when there is no endpoint.

        While an endpoint is updated, the new fleet's configuration stands in PendingDeploymentSummary:
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
        """
        try:
            endpoint = self._sagemaker.describe_endpoint(EndpointName=endpoint_of(model))
        except ClientError as error:
            if _is_absent(error):
                return None
            raise
        running = self._containers(endpoint["EndpointConfigName"])
        new = endpoint.get("PendingDeploymentSummary", {}).get("EndpointConfigName")
        pending = self._containers(new) if new else ()
        environment = running[0].environment if running else {}  # without: it serves, nobody can say what
        return Serving(
            status=endpoint["EndpointStatus"],
            manifest_sha256=environment.get("ATOLL_MANIFEST_SHA256", ""),
            release_id=environment.get("ATOLL_RELEASE_ID", ""),
            version=environment.get("ATOLL_MODEL_VERSION", ""),
            image_digest=running[0].image.partition("@")[2] if running else "",
            failure_reason=endpoint.get("FailureReason", ""),
            told=_told(environment),
            lost=not running,
            refuses=self._tags(endpoint["EndpointArn"]).get(CALLERS) == REFUSED,
            owned=self._is_owned(model, endpoint["EndpointArn"]),
            containers=(*running, *pending),
        )

    def _containers(self, config: str) -> tuple[Container, ...]:
        """Return every container of every variant of a configuration, shadows too; none when a part of it is gone."""
        try:
            found = self._sagemaker.describe_endpoint_config(EndpointConfigName=config)
            variants = [*found["ProductionVariants"], *found.get("ShadowProductionVariants", ())]
            named = [variant["ModelName"] for variant in variants if "ModelName" in variant]
            models = [self._sagemaker.describe_model(ModelName=name) for name in named]
        except ClientError as error:
            if not _is_absent(error):
                raise
            return ()
        given = (each for model in models for each in (model.get("PrimaryContainer"), *model.get("Containers", ())))
        nameless = len(variants) - len(named)  # inference components may join such a variant later
        return tuple(_container(each) for each in given if each) + (Container(image=""),) * nameless

    def _is_owned(self, model: str, arn: str) -> bool:
        """Say whether the model's stack has this endpoint among its resources; its name alone says nothing.

        CloudFormation's list is asked, for it depends on the type which tags of a stack its resources get:
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
        """
        answer = self._cloudformation.describe_stack_resources(StackName=stack_of(model))
        endpoints = [r for r in answer["StackResources"] if r["ResourceType"] == "AWS::SageMaker::Endpoint"]
        ids = {r.get("PhysicalResourceId") for r in endpoints if r["ResourceStatus"] != "DELETE_COMPLETE"}
        return bool(ids & {arn, endpoint_of(model)})

    def refuse_callers(self, model: str) -> None:
        """Refuse all callers of the endpoint from the next call on; fine when there is none.

        IAM reads the tag at each call (stacks/components/endpoint_access.py).
        """
        try:
            endpoint = self._sagemaker.describe_endpoint(EndpointName=endpoint_of(model))
        except ClientError as error:
            if _is_absent(error):
                return
            raise
        self._sagemaker.add_tags(ResourceArn=endpoint["EndpointArn"], Tags=[{"Key": CALLERS, "Value": REFUSED}])

    def _tags(self, arn: str) -> dict[str, str]:
        pages = self._sagemaker.get_paginator("list_tags").paginate(ResourceArn=arn)
        return {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}

    def invoke(self, model: str, rows: Sequence[Sequence[float | None]]) -> list[float]:
        """Return the endpoint's score of each row, or its label where it tells labels alone.

        Raises:
            EndpointAnswerError: it did not answer with scores or labels.
        """
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=endpoint_of(model),
                ContentType="application/json",
                Accept="application/json",
                Body=json.dumps({"instances": rows}).encode(),
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ModelError":
                raise EndpointAnswerError(f"{endpoint_of(model)} answered with an error: {error}") from error
            raise
        except ReadTimeoutError as error:
            raise EndpointAnswerError(f"{endpoint_of(model)} gave no answer in time.") from error
        try:
            predictions = json.loads(answer["Body"].read(MOST_ANSWER_BYTES))["predictions"]
            return [float(each["score"] if "score" in each else each["label"]) for each in predictions]
        except Exception as error:  # whatever a container says that was taken over, it is a bad answer
            raise EndpointAnswerError(f"{endpoint_of(model)} gave no list of scores: {error!r:.300}") from error


def _is_absent(error: ClientError) -> bool:
    """Say whether SageMaker says that there is no such thing. A denial says nothing of the kind."""
    return "could not find" in str(error).lower()


def _container(described: Mapping[str, Any]) -> Container:
    """Read a container; whatever brings more than its one archive stands beside the archive's address.

    SageMaker tells the one archive as a data source, too.
    """
    archive = described.get("ModelDataUrl", "")
    source = described.get("ModelDataSource", {}).get("S3DataSource", {}).get("S3Uri", archive)
    more = {name: described[name] for name in _MORE if described.get(name)}
    return Container(
        image=described.get("Image", ""),
        data=" and ".join([archive, *([source] if source != archive else []), *([str(more)] if more else [])]),
        environment=described.get("Environment", {}),
    )


def _told(environment: Mapping[str, str]) -> Told:
    labels = environment.get("ATOLL_LABEL_ONLY") == "1"
    return Told(
        decimals=environment.get("ATOLL_SCORE_DECIMALS", ""),
        threshold=environment.get("ATOLL_LABEL_THRESHOLD", "0.5") if labels else "",
    )
