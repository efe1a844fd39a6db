"""The endpoint at work: real-time scores with reasons, a batch transform, and what the monitor says of it."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from local.story.data_steps import read_json
from local.story.scene import MODEL, OPERATOR, TRAINER, expect
from local.story.waiting import wait_for
from local.unpacking import extract
from model_code.boosters import load_booster

if TYPE_CHECKING:
    from xgboost import Booster

    from local.story.narrator import Facts
    from local.story.scene import Scene

REAL_TIME, SEED = 200, 7
TOLERANCE = 1e-6
TOP = 5


def held_back(scene: Scene) -> pd.DataFrame:
    """The latest transactions, which no training job has seen."""
    return pd.read_parquet(io.BytesIO(read_object(scene, f"live/{scene.run}/live.parquet")))


def in_real_time(rows: int) -> np.ndarray:
    """Which of the held-back rows are scored one by one, as a mask: a seeded sample; the others go to the batch."""
    chosen = np.random.default_rng(SEED).choice(rows, size=min(REAL_TIME, rows // 2), replace=False)
    return np.isin(np.arange(rows), chosen)


def read_object(scene: Scene, key: str) -> bytes:
    """An object of the data bucket."""
    return scene.administrator.client("s3").get_object(Bucket=scene.outputs["DataBucket"], Key=key)["Body"].read()


def released_model(scene: Scene) -> tuple[Booster, list[str]]:
    """The champion's own booster and columns, from the released artifact."""
    sha = scene.registry.get_model_version_by_alias(MODEL, "champion").tags["atoll.manifest_sha256"]
    s3 = scene.administrator.client("s3")
    body = s3.get_object(Bucket=scene.outputs["ReleaseBucket"], Key=f"models/{MODEL}/{sha}/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as archive, TemporaryDirectory() as folder:
        extract(archive, Path(folder))
        booster = load_booster(Path(folder, "model.ubj").read_bytes())
        return booster, json.loads(Path(folder, "features.json").read_text(encoding="utf-8"))["columns"]


def score(scene: Scene, facts: Facts) -> None:
    """Score held-back transactions one by one through InvokeEndpoint and compare with the model's own predictions."""
    booster, columns = released_model(scene)
    rows = held_back(scene)
    rows = rows[in_real_time(len(rows))]
    features = rows[columns].to_numpy(dtype=np.float32)
    expected = booster.inplace_predict(features)
    runtime = scene.person(OPERATOR).client("sagemaker-runtime")
    answers = [invoke(scene, runtime, row) for row in features]
    scores = np.array([answer["score"] for answer in answers])
    difference = float(np.abs(scores - expected).max())
    expect(difference <= TOLERANCE, f"The endpoint differs from the model by {difference}, more than {TOLERANCE}.")
    unlabelled = scene.ledger.inject
    alerts = [alert(rows.iloc[i], answers[i], unlabelled=unlabelled) for i in np.argsort(-scores)[:TOP]]
    facts.update(scored=len(scores), anomalies=int(rows["label"].sum()), largest_difference=difference, alerts=alerts)
    facts["told"] = (
        f"{len(scores)} transactions, each score equal to the model's own (largest difference {difference:.1e})"
    )


def request_body(row: np.ndarray) -> str:
    """A transaction's features as the endpoint takes them: a line of CSV, missing values empty."""
    return ",".join("" if np.isnan(value) else repr(float(value)) for value in row)


def invoke(scene: Scene, runtime: Any, row: np.ndarray) -> dict[str, Any]:  # noqa: ANN401 - boto3 clients have no static type
    """One transaction's score and reasons, asked for with somebody's client of the SageMaker runtime."""
    answer = runtime.invoke_endpoint(
        EndpointName=scene.outputs["EndpointName"],
        ContentType="text/csv",
        Accept="application/json",
        CustomAttributes="reasons=3",
        Body=request_body(row),
    )
    return json.load(answer["Body"])["predictions"][0]


def alert(row: pd.Series, answer: dict[str, Any], *, unlabelled: bool) -> dict[str, Any]:
    """An alert as an analyst reads it: a row of the ledger, and why it is here."""
    return {
        "transaction": str(row["transaction_id"]),
        "score": round(answer["score"], 4),
        "reasons": [f"{r['words']} ({r['contribution']:+.2f})" for r in answer["reasons"]],
        "kind": "unknown" if unlabelled else row["kind"] or "none",
    }


def batch(scene: Scene, facts: Facts) -> None:
    """Batch transform scores the rest of the held-back transactions."""
    rows = held_back(scene)
    in_batch = ~in_real_time(len(rows))
    rest = rows[in_batch]
    lines = read_object(scene, f"live/{scene.run}/live.csv").decode().splitlines()
    body = [line for line, chosen in zip(lines, in_batch, strict=True) if chosen]
    s3, bucket = scene.person(TRAINER).client("s3"), scene.outputs["DataBucket"]
    s3.put_object(Bucket=bucket, Key=f"experiments/{scene.run}/batch/rest.csv", Body="\n".join(body).encode() + b"\n")
    name = scene.transform_job = f"batch-{scene.run}"
    sagemaker = scene.person(TRAINER).client("sagemaker")
    sagemaker.create_transform_job(**transform_request(scene, name))
    job = wait_for(lambda: ended_transform(sagemaker, name), f"transform job {name}", seconds=300)
    expect(job["TransformJobStatus"] == "Completed", f"Batch transform failed: {job.get('FailureReason')}")
    scores = np.array(read_object(scene, f"scores/{scene.run}/rest.csv.out").split(), dtype=float)
    booster, columns = released_model(scene)
    difference = float(np.abs(scores - booster.inplace_predict(rest[columns].to_numpy(dtype=np.float32))).max())
    expect(len(scores) == len(rest), f"{len(rest)} rows went in, {len(scores)} scores came out.")
    expect(difference <= TOLERANCE, f"Batch scores differ from the model by {difference}.")
    facts.update(rows=len(rest), scores=len(scores), largest_difference=difference)
    facts.update(top_alerts(scene, rest, columns, scores))
    facts["told"] = f"{len(rest):,} rows in, {len(scores):,} scores out, in order"


def top_alerts(scene: Scene, rows: pd.DataFrame, columns: list[str], scores: np.ndarray) -> dict[str, Any]:
    """The alerts with the highest batch scores, their reasons asked of the endpoint, and the first one's features."""
    runtime = scene.person(OPERATOR).client("sagemaker-runtime")
    top = rows.iloc[np.argsort(-scores)[:TOP]]
    features = top[columns].to_numpy(dtype=np.float32)
    unlabelled = scene.ledger.inject
    alerts = [alert(top.iloc[i], invoke(scene, runtime, row), unlabelled=unlabelled) for i, row in enumerate(features)]
    return {"alerts": alerts, "top_row": request_body(features[0])}


def transform_request(scene: Scene, name: str) -> dict[str, Any]:
    """The batch transform over the model that the endpoint serves."""
    endpoint = scene.administrator.client("sagemaker").describe_endpoint(EndpointName=scene.outputs["EndpointName"])
    config = scene.administrator.client("sagemaker").describe_endpoint_config(
        EndpointConfigName=endpoint["EndpointConfigName"]
    )
    bucket, key = scene.outputs["DataBucket"], scene.outputs["JobKeyArn"]
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/experiments/{scene.run}/batch/"}
    return {
        "TransformJobName": name,
        "ModelName": config["ProductionVariants"][0]["ModelName"],
        "BatchStrategy": "MultiRecord",
        "MaxPayloadInMB": 1,
        "TransformInput": {"DataSource": {"S3DataSource": source}, "ContentType": "text/csv", "SplitType": "Line"},
        "TransformOutput": {
            "S3OutputPath": f"s3://{bucket}/scores/{scene.run}",
            "Accept": "text/csv",
            "AssembleWith": "Line",
            "KmsKeyId": key,
        },
        "TransformResources": {"InstanceType": "ml.m5.xlarge", "InstanceCount": 1, "VolumeKmsKeyId": key},
        "Tags": [{"Key": "atoll:uid", "Value": TRAINER.uid}, {"Key": "atoll:model", "Value": MODEL}],
    }


def ended_transform(sagemaker: Any, name: str) -> dict[str, Any] | None:  # noqa: ANN401 - boto3 clients have no static type
    """The job's description once it has ended, else None."""
    job = sagemaker.describe_transform_job(TransformJobName=name)
    return job if job["TransformJobStatus"] in {"Completed", "Failed", "Stopped"} else None


def monitor(scene: Scene, facts: Facts) -> None:
    """The completed transform's event reaches the monitor, which compares the rows with the training baseline."""
    key = f"monitoring/{MODEL}/{scene.transform_job}/report.json"
    s3, bucket = scene.administrator.client("s3"), scene.outputs["DataBucket"]

    def look() -> dict[str, Any] | None:
        return read_json(scene, key) if s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount") else None

    report = wait_for(look, f"the drift report {key}")
    cloudwatch = scene.administrator.client("cloudwatch")
    metrics = wait_for(
        lambda: cloudwatch.list_metrics(Namespace="Atoll", MetricName="Drift")["Metrics"] or None,
        "the metric Atoll/Drift",
    )
    worst = max(report["features"], key=report["features"].get)
    facts.update(report=report, metric=metrics[0], worst_feature=worst)
    facts["told"] = f"{report['status']}: largest PSI {report['max_psi']:.3f} ({worst}) over {report['rows']:,} rows"
