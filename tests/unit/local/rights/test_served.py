"""How many of the actions that the local AWS serves are judged by AWS's own data."""

import json

import pytest

from local.rights import reference, served

pytestmark = pytest.mark.long  # both import the whole emulator


def test_the_kept_numbers_are_those_of_the_emulator_and_the_reference() -> None:
    kept = json.loads(served.KEPT.read_text(encoding="utf-8"))
    assert served.counted() == kept, "run `python -m local.rights.served` and `make checks`"
    assert kept["served"] == kept["judged"] + len(kept["refused"])
    assert not any(reference.is_known(action) for action in kept["refused"])


def test_what_the_story_calls_is_among_the_actions_served() -> None:
    every = {action for each in served.actions().values() for action in each}
    assert {
        "application-autoscaling:DescribeScalingActivities", "cloudformation:ExecuteChangeSet", "kms:Sign",
        "lambda:InvokeFunction", "logs:PutLogEvents", "s3:GetObject", "sagemaker:CreateHyperParameterTuningJob",
        "sagemaker:DescribeTrainingJob", "sagemaker:InvokeEndpoint", "sagemaker:UpdateEndpoint", "sqs:SendMessage",
    } <= every  # fmt: skip
    assert "sagemaker:CreateApp" not in every  # SageMaker has it, the local AWS doesn't
