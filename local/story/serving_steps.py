"""Purchases scored: one by one by the endpoint, and as a month by jobs; and what the monitor says of it."""

from __future__ import annotations

import io
import json
import tarfile
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from local.story.data_steps import etl_runs, job_request, mapping_of, read_json, run_processing
from local.story.months import cut
from local.story.scene import MODEL, OPERATOR, TRAINER, expect
from local.story.waiting import wait_for
from local.unpacking import extract
from model_code.boosters import load_booster
from model_code.scoring.values import money

if TYPE_CHECKING:
    from xgboost import Booster

    from local.story.narrator import Facts
    from local.story.scene import Scene

REAL_TIME, SEED = 200, 7
TOLERANCE = 1e-6
TOP = 5
BUDGET = 50


def held_back(scene: Scene) -> pd.DataFrame:
    """The latest transactions, which no training job has seen."""
    return pd.read_parquet(io.BytesIO(read_object(scene, f"live/{scene.run}/live.parquet")))


def in_real_time(rows: int) -> np.ndarray:
    """Which of the held-back rows are scored one by one, as a mask: a seeded sample."""
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
    """The trainer scores all held-back transactions as a new month: two processing jobs, no SageMaker Model."""
    rows = held_back(scene)
    scores = scored_as_new(scene)
    expect(len(scores) == len(rows), f"{len(rows)} rows went in, {len(scores)} came out.")
    booster, columns = released_model(scene)
    features = rows[columns].to_numpy(dtype=np.float32)
    expected = booster.inplace_predict(features)
    difference = float(np.abs(np.sort(scores["score"].to_numpy()) - np.sort(expected)).max())
    expect(difference <= TOLERANCE, f"Scores of the new month differ from the model by {difference}.")
    facts.update(rows=len(rows), scores=len(scores), largest_difference=difference)
    top = scores[scores["rank"].notna()].sort_values("rank").head(TOP)
    kinds = {} if scene.ledger.inject else dict(zip(rows["transaction_id"], rows["kind"], strict=True))
    facts["alerts"] = [ranked(row, kinds) for _, row in top.iterrows()]
    facts["top_row"] = request_body(features[expected.argmax()])
    facts["told"] = (
        f"{len(rows):,} rows in, {len(scores):,} scores out, {int(scores['rank'].count())} ranked with reasons"
    )


def ranked(row: pd.Series, kinds: dict[str, str]) -> dict[str, Any]:
    """An alert as the review has it."""
    name, reasons = str(row["transaction_id"]), [row[f"reason_{place}"] for place in (1, 2, 3)]
    kind = kinds.get(name, "unknown") or "none"
    who = ", ".join(filter(None, [row["card"] and f"card {row['card']}", row["office"]])) or "nobody named"
    spent = f"{row['transaction_date']:%Y-%m-%d}, {money(row['amount'], row['currency'])}"
    return {
        "transaction": name,
        "purchase": f"{spent}, {who} at {row['merchant']}",
        "score": round(float(row["score"]), 4),
        "reasons": [*filter(None, reasons)],
        "kind": kind,
    }


def first_held_back(scene: Scene) -> date:
    """The first day of the latest period, which the ETL job that held it back left in its manifest."""
    place = next(each.places["features"] for each in etl_runs(scene) if each.places["live"] == scene.run)
    return date.fromisoformat(read_json(scene, f"features/{place}/manifest.json")["periods"]["live"]["from"])


def scored_as_new(scene: Scene) -> pd.DataFrame:
    """What `etl --score` and `score` say of the held-back purchases, by the champion's released archive."""
    run, out, s3 = scene.run, scene.outputs, scene.person(TRAINER).client("s3")
    bucket, version = out["DataBucket"], scene.registry.get_model_version_by_alias(MODEL, "champion")
    with TemporaryDirectory() as folder:
        for name, path in zip(
            ("history", "new"),
            cut(scene.ledger.file, scene.ledger.mapping, first_held_back(scene), Path(folder)),
            strict=True,
        ):
            s3.upload_file(str(path), bucket, f"ledgers/{run}/{name}/{path.name}")
    given, left = f"s3://{bucket}/ledgers/{run}", f"s3://{bucket}/scores/{run}"
    sha256 = version.tags["atoll.manifest_sha256"]
    model = {"model": f"s3://{out['ReleaseBucket']}/models/{MODEL}/{sha256}/"}
    scene.scoring_job = f"score-{run}"
    job = partial(job_request, scene, role=out["ScoringJobRoleArn"])
    run_processing(scene, job(
        f"ready-{run}", application={"ImageUri": out["ModelImageUri"], "ContainerArguments": ["etl", "--score"]},
        inputs={"ledger": f"{given}/history/", "new": f"{given}/new/", **mapping_of(scene), **model},
        outputs={name: f"{left}/{name}" for name in ("rows", "quarantine")},
    ))  # fmt: skip
    run_processing(scene, job(
        scene.scoring_job,
        application={"ImageUri": out["ModelImageUri"], "ContainerArguments": ["score", "--budget", str(BUDGET)]},
        inputs={"rows": f"{left}/rows/", **model}, outputs={"scores": f"{left}/scores"},
    ) | {"Environment": {"ATOLL_MANIFEST_SHA256": sha256, "ATOLL_MODEL_VERSION": version.version}})  # fmt: skip
    return pd.read_parquet(io.BytesIO(read_object(scene, f"scores/{run}/scores/scores.parquet")))


def monitor(scene: Scene, facts: Facts) -> None:
    """The scoring's event reaches the monitor, which compares the rows with the training baseline."""
    key = f"monitoring/{MODEL}/{scene.scoring_job}/report.json"
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
