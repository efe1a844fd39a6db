"""New purchases are scored by two processing jobs and the model's archive: no SageMaker Model, no endpoint."""

import io
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from model_code.etl.generate import to_csv
from tests.contract.sagemaker.cloud import MODEL_IMAGE
from tests.contract.sagemaker.scene import Scene
from tests.unit.model_code.scoring.ledgers import MONTH, history, new_month, purchases, trained

pytestmark = pytest.mark.filterwarnings(r"ignore:fetch_\w+\(\) is deprecated:DeprecationWarning")


def request(
    scene: Scene, arguments: list[str], inputs: dict[str, str], output: str, **changes: object
) -> dict[str, Any]:
    """A processing job of the model's image: `inputs` are S3 prefixes by the folder that they are read from."""
    root = "/opt/ml/processing"
    return {
        "ProcessingJobName": scene.name(arguments[0]),
        "RoleArn": scene.role,
        "AppSpecification": {"ImageUri": MODEL_IMAGE, "ContainerArguments": arguments},
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
        },
        "ProcessingInputs": [
            {
                "InputName": name,
                "S3Input": {
                    "S3Uri": uri,
                    "LocalPath": f"{root}/input/{name}",
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
            for name, uri in inputs.items()
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": output,
                    "S3Output": {
                        "S3Uri": f"s3://data/scores/{output}",
                        "LocalPath": f"{root}/output/{output}",
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        **changes,
    }


def run(scene: Scene, job: dict[str, Any]) -> dict[str, Any]:
    scene.sagemaker.create_processing_job(**job)
    return scene.ended("processing", job["ProcessingJobName"])


@pytest.fixture(scope="module")
def archive(scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released model and an agency's files, in S3."""
    ledger = purchases()
    made = trained(tmp_path_factory.mktemp("trained"), history(ledger))
    scene.s3.put_object(Bucket="data", Key="models/m/model.tar.gz", Body=made.read_bytes())
    scene.s3.put_object(Bucket="data", Key="ledgers/history/ledger.csv", Body=to_csv(history(ledger)))
    scene.s3.put_object(Bucket="data", Key="ledgers/new/new.csv", Body=to_csv(new_month(ledger)))
    return made


@pytest.mark.usefixtures("archive")
def test_two_processing_jobs_score_a_new_month_without_a_sagemaker_model(scene: Scene) -> None:
    models = len(scene.sagemaker.list_models()["Models"])
    files = {"ledger": "s3://data/ledgers/history/", "new": "s3://data/ledgers/new/", "model": "s3://data/models/m/"}
    ready = run(scene, request(scene, ["etl", "--score"], files, "rows"))
    assert ready["ProcessingJobStatus"] == "Completed", ready.get("ExitMessage")
    rows = {"rows": "s3://data/scores/rows/", "model": "s3://data/models/m/"}
    done = run(scene, request(scene, ["score", "--budget", "5"], rows, "scores"))
    assert done["ProcessingJobStatus"] == "Completed", done.get("ExitMessage")
    content = scene.s3.get_object(Bucket="data", Key="scores/scores/scores.parquet")["Body"].read()
    table = pd.read_parquet(io.BytesIO(content))
    assert (len(table), table["rank"].notna().sum()) == (MONTH, 5)
    assert table["reason_1"].head(5).str.len().min() > 0
    assert len(scene.sagemaker.list_models()["Models"]) == models
    refused = run(scene, request(scene, ["score"], rows, "other", Environment={"ATOLL_MANIFEST_SHA256": "0" * 64}))
    assert refused["ProcessingJobStatus"] == "Failed"
    assert "this isn't the released model" in json.dumps(refused["ExitMessage"])
