"""The real training and ETL on the local SageMaker: over two instances they make what one instance makes."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from model_code.etl.generate import to_csv
from model_code.etl.generator import generate
from tests.contract.etl.spark import small_cluster
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


@pytest.mark.share(1, among="two instances")  # what they make is shown by tests/contract/{etl,training}, too
@pytest.mark.timeout(240)
def test_two_instances_train_the_model_of_one(scene: Scene, tmp_path: Path) -> None:
    for path in write_features(tmp_path / "features", rows=1000).iterdir():
        scene.s3.upload_file(str(path), "data", f"distributed/{path.name}")
    one, two = (trained(scene, instances) for instances in (1, 2))
    assert two["manifest.json"]["trained_rows"] == one["manifest.json"]["trained_rows"] == 1000
    for name in ("average_precision", "roc_auc", "brier"):
        assert two["metrics.json"][name] == pytest.approx(one["metrics.json"][name], abs=1e-5)


def etl(scene: Scene, instances: int, engine: str, environment: dict[str, str]) -> dict[str, Any]:
    """Run the real ETL to its end; returns the job's description."""
    name = scene.name("etl")
    source = {"LocalPath": "/opt/ml/processing/input/ledger", "S3DataType": "S3Prefix", "S3InputMode": "File"}
    output = {"LocalPath": "/opt/ml/processing/output/features", "S3UploadMode": "EndOfJob"}
    outputs = [{"OutputName": "features", "S3Output": output | {"S3Uri": f"s3://data/etl/{name}"}}]
    cluster = {"InstanceCount": instances, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    scene.sagemaker.create_processing_job(
        ProcessingJobName=name,
        ProcessingInputs=[{"InputName": "ledger", "S3Input": source | {"S3Uri": "s3://data/two-hosts/ledger.csv"}}],
        ProcessingOutputConfig={"Outputs": outputs},
        ProcessingResources={"ClusterConfig": cluster},
        AppSpecification={"ImageUri": MODEL_IMAGE, "ContainerArguments": ["etl", "--engine", engine]},
        Environment=environment,
        RoleArn=scene.role,
    )
    return scene.ended("processing", name)


def written(scene: Scene, job: dict[str, Any]) -> dict[str, bytes]:
    prefix = f"etl/{job['ProcessingJobName']}/"
    keys = [item["Key"] for item in scene.s3.list_objects_v2(Bucket="data", Prefix=prefix)["Contents"]]
    return {key.removeprefix(prefix): scene.s3.get_object(Bucket="data", Key=key)["Body"].read() for key in keys}


@pytest.mark.share(1, among="two instances")  # what they make is shown by tests/contract/{etl,training}, too
@pytest.mark.timeout(240)
def test_two_instances_of_etl_are_one_spark_and_duckdb_refuses_them(scene: Scene, tmp_path: Path) -> None:
    scene.s3.put_object(Bucket="data", Key="two-hosts/ledger.csv", Body=to_csv(generate(1000, seed=5)))
    refused = etl(scene, 2, "duckdb", {})
    assert refused["ProcessingJobStatus"] == "Failed"
    assert "This job has 2 instances, and --engine duckdb computes on one" in refused["ExitMessage"]
    jobs = [etl(scene, 1, "duckdb", {}), etl(scene, 2, "spark", small_cluster(tmp_path / "conf"))]
    assert [job["ProcessingJobStatus"] for job in jobs] == ["Completed", "Completed"], jobs
    one, two = (written(scene, job) for job in jobs)
    assert one.keys() == two.keys() > {"manifest.json", "train.parquet"}
    for name in one.keys() - {"manifest.json"}:
        assert pd.read_parquet(io.BytesIO(one[name])).equals(pd.read_parquet(io.BytesIO(two[name])))
