"""What a data scientist runs: a training job by the sagemaker SDK's ModelTrainer (v3), with their own credentials.

`python -m local.story.train_with_sdk request.json job.json` reads the request, waits for the job and writes its name.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from sagemaker.core.helper.session_helper import Session
from sagemaker.core.training.configs import Compute, InputData, Networking, OutputDataConfig, StoppingCondition, Tag
from sagemaker.train import ModelTrainer

WITHOUT_LOOKING = {"SAGEMAKER_VALIDATE_ROLE": "false"}
"""The SDK looks its role up and simulates it: in a network without a way to IAM it hangs, then fails."""
QUIET = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}
"""The SDK sends usage data to AWS unless told otherwise."""


def train(request: dict[str, Any]) -> dict[str, Any]:
    """Start the training job that the request describes, wait for its end and return its description.

    It carries what the trainer's policy demands: isolation, our subnets, encryption, a bounded runtime, their id.
    """
    os.environ.update(WITHOUT_LOOKING)
    trainer = ModelTrainer(
        sagemaker_session=Session(default_bucket=request["bucket"], sagemaker_config=QUIET),
        base_job_name=request["name"],
        training_image=request["image"],
        role=request["role"],
        hyperparameters=request["hyperparameters"],
        compute=Compute(
            instance_type="ml.m5.xlarge", instance_count=1, volume_size_in_gb=30, volume_kms_key_id=request["key"],
        ),
        networking=Networking(
            subnets=request["subnets"],
            security_group_ids=request["security_groups"],
            enable_network_isolation=True,
            enable_inter_container_traffic_encryption=True,
        ),
        output_data_config=OutputDataConfig(s3_output_path=f"s3://{request['bucket']}/jobs", kms_key_id=request["key"]),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=1800),
        tags=[Tag(key="atoll:uid", value=request["uid"]), Tag(key="atoll:model", value=request["model"])],
    )  # fmt: skip
    channels = [InputData(channel_name=name, data_source=source) for name, source in request["channels"].items()]
    trainer.train(input_data_config=channels, logs=False)
    job = trainer._latest_training_job  # noqa: SLF001 - the SDK has no public way to the job it started
    return {"name": job.training_job_name, "arn": job.training_job_arn}


def main() -> None:
    """Read the request's file, train, write the job into the other file."""
    request, answer = (Path(argument) for argument in sys.argv[1:])
    job = train(json.loads(request.read_text(encoding="utf-8")))
    answer.write_text(json.dumps(job), encoding="utf-8")


if __name__ == "__main__":
    main()
