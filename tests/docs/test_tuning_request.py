"""The request for a tuning job that docs/algorithms.md shows, held against SageMaker's own description of it."""

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from model_code.algorithms.hyperparameters import BOUNDS

PAGE = (Path(__file__).parents[2] / "docs" / "algorithms.md").read_text()


@pytest.fixture(scope="module")
def shown() -> dict[str, Any]:
    block = re.search(r'```\n("HyperParameterTuningJobConfig".*?)```', PAGE, re.DOTALL)
    assert block
    return json.loads(f"{{{block[1]}}}")


def test_the_request_for_a_tuning_job_is_one_that_sagemaker_takes(shown: dict[str, Any]) -> None:
    [definition] = re.findall(r'`(\{"Name": "ap_on_validation".*?\})`', PAGE)
    request = {"HyperParameterTuningJobName": "study", **shown} | {
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {"TrainingInputMode": "File", "MetricDefinitions": [json.loads(definition)]},
            "RoleArn": "arn:aws-us-gov:iam::000000000000:role/Atoll-Training",
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/jobs"},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        }
    }
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.operation_model("CreateHyperParameterTuningJob").input_shape
    assert not ParamValidator().validate(request, shape).generate_report()
    assert re.search(json.loads(definition)["Regex"], "rows=5.000000;\nap_on_validation=0.612345;\n")


def test_every_range_of_it_lies_within_what_a_training_takes(shown: dict[str, Any]) -> None:
    ranges = shown["HyperParameterTuningJobConfig"]["ParameterRanges"]
    for each in (*ranges["IntegerParameterRanges"], *ranges["ContinuousParameterRanges"]):
        low, high = BOUNDS[each["Name"]]
        assert low <= float(each["MinValue"]) < float(each["MaxValue"]) <= high
