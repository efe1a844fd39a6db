"""Endpoints and their stacks: what CloudFormation says, and what SageMaker really runs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.handlers import json_decode_template_body

from lambdas.release.ports import EndpointAnswerError
from lambdas.release.records import Serving, Stack, Told, endpoint_of, stack_of

CALLERS, REFUSED = "atoll:callers", "refused"  # stacks.components.endpoint_access
MOST_ANSWER_BYTES = 1_000_000
"""Of twenty golden rows' scores."""


class SageMakerEndpoints:
    """`ports.Endpoints` over boto3 clients."""

    def __init__(self, *, cloudformation: Any, sagemaker: Any, runtime: Any) -> None:  # noqa: ANN401 - boto3's clients
        self._cloudformation = cloudformation
        if cloudformation:  # the SDK would parse the text: two texts of one meaning to it may be two to CloudFormation
            cloudformation.meta.events.unregister("after-call.cloudformation.GetTemplate", json_decode_template_body)
        self._sagemaker = sagemaker
        self._runtime = runtime

    def stack(self, model: str) -> Stack:
        """Return the state of the model's endpoint stack."""
        stack = self._cloudformation.describe_stacks(StackName=stack_of(model))["Stacks"][0]
        parameters = {p["ParameterKey"]: p["ParameterValue"] for p in stack.get("Parameters", [])}
        return Stack(
            status=stack["StackStatus"],
            reason=stack.get("StackStatusReason", ""),
            release_id=parameters.get("ReleaseId", ""),
            changed=stack.get("LastUpdatedTime") or stack["CreationTime"],
            last_change_set=_name(stack["ChangeSetId"]) if "ChangeSetId" in stack else self._executed(model),
        )

    def _executed(self, model: str) -> str:
        """Return the change set that CloudFormation lists as executed (or being so), when the stack names none."""
        pages = self._cloudformation.get_paginator("list_change_sets").paginate(StackName=stack_of(model))
        executed = (c for page in pages for c in page["Summaries"] if c["ExecutionStatus"].startswith("EXECUTE_"))
        latest = max(executed, key=lambda c: c["CreationTime"], default=None)
        return latest["ChangeSetName"] if latest else ""

    def template(self, model: str) -> str:
        """Return the text of the stack's template, as it was submitted."""
        answer = self._cloudformation.get_template(StackName=stack_of(model), TemplateStage="Original")
        return answer["TemplateBody"]

    def serving(self, model: str) -> Serving | None:
        """Return what the endpoint runs; None when there is no endpoint."""
        try:
            endpoint = self._sagemaker.describe_endpoint(EndpointName=endpoint_of(model))
        except ClientError as error:
            if _is_absent(error):
                return None
            raise
        try:
            container = self._container(endpoint["EndpointConfigName"])
        except ClientError as error:
            if not _is_absent(error):
                raise
            container = {}  # it serves, nobody can say what
        environment = container.get("Environment", {})
        return Serving(
            status=endpoint["EndpointStatus"],
            manifest_sha256=environment.get("ATOLL_MANIFEST_SHA256", ""),
            release_id=environment.get("ATOLL_RELEASE_ID", ""),
            version=environment.get("ATOLL_MODEL_VERSION", ""),
            image_digest=container.get("Image", "").partition("@")[2],
            failure_reason=endpoint.get("FailureReason", ""),
            told=_told(environment),
            lost=not container,
            refuses=self._tags(endpoint["EndpointArn"]).get(CALLERS) == REFUSED,
        )

    def _container(self, config: str) -> dict[str, Any]:
        variants = self._sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
        return self._sagemaker.describe_model(ModelName=variants[0]["ModelName"])["PrimaryContainer"]

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


def _told(environment: Mapping[str, str]) -> Told:
    labels = environment.get("ATOLL_LABEL_ONLY") == "1"
    return Told(
        decimals=environment.get("ATOLL_SCORE_DECIMALS", ""),
        threshold=environment.get("ATOLL_LABEL_THRESHOLD", "0.5") if labels else "",
    )


def _name(change_set_arn: str) -> str:
    return change_set_arn.rsplit(":changeSet/", maxsplit=1)[-1].split("/", maxsplit=1)[0]
