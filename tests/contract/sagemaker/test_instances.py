"""On the local SageMaker, over two instances: the real training makes what one makes, and the real ETL refuses."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.contract.sagemaker.cloud import MODEL_IMAGE
from tests.contract.sagemaker.scene import Scene
from tests.unit.model_code.training.features_folder import write_features

HYPERPARAMETERS = {"n_estimators": "10", "max_depth": "3", "subsample": "1", "colsample_bytree": "1"}


def trained(scene: Scene, instances: int) -> dict[str, Any]:
    source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/distributed/", "S3DataDistributionType": "FullyReplicated"}
    job = scene.train(
        AlgorithmSpecification={"TrainingImage": MODEL_IMAGE, "TrainingInputMode": "File"},
        HyperParameters=HYPERPARAMETERS,
        InputDataConfig=[{"ChannelName": "features", "DataSource": {"S3DataSource": source}}],
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": instances, "VolumeSizeInGB": 1},
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://data/")
    archive = scene.s3.get_object(Bucket="data", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {name: tar.extractfile(name) for name in ("metrics.json", "manifest.json")}
        return {name: json.load(file) for name, file in files.items() if file}


@pytest.mark.timeout(240)
def test_two_instances_train_the_model_of_one(scene: Scene, tmp_path: Path) -> None:
    for path in write_features(tmp_path / "features", rows=1000).iterdir():
        scene.s3.upload_file(str(path), "data", f"distributed/{path.name}")
    one, two = (trained(scene, instances) for instances in (1, 2))
    assert two["manifest.json"]["trained_rows"] == one["manifest.json"]["trained_rows"] == 1000
    for name in ("average_precision", "roc_auc", "brier"):
        assert two["metrics.json"][name] == pytest.approx(one["metrics.json"][name], abs=1e-5)


@pytest.mark.timeout(120)
def test_etl_over_two_instances_is_refused_with_a_sentence(scene: Scene) -> None:
    scene.s3.put_object(Bucket="data", Key="two-hosts/ledger.csv", Body=b"never read")
    name = scene.name("etl")
    source = {"LocalPath": "/opt/ml/processing/input/ledger", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    cluster = {"InstanceCount": 2, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    scene.sagemaker.create_processing_job(
        ProcessingJobName=name,
        ProcessingInputs=[{"InputName": "ledger", "S3Input": source | {"S3Uri": "s3://data/two-hosts/ledger.csv"}}],
        ProcessingResources={"ClusterConfig": cluster},
        AppSpecification={"ImageUri": MODEL_IMAGE, "ContainerArguments": ["etl"]},
        RoleArn=scene.role,
    )
    refused = scene.ended("processing", name)
    assert refused["ProcessingJobStatus"] == "Failed"
    assert "This job has 2 instances, and etl computes on one" in refused["ExitMessage"]
