"""The ledger lands in S3, and ETL turns it into features."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.story.scene import BUILD, TRAINER, expect
from local.story.waiting import wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.story.narrator import Facts
    from local.story.scene import Scene


def ledger(scene: Scene, facts: Facts) -> None:
    """The trainer uploads the ledger (and its mapping) to the data bucket."""
    s3, bucket = scene.person(TRAINER).client("s3"), scene.outputs["DataBucket"]
    file, mapping = scene.ledger.file, scene.ledger.mapping
    key = f"ledgers/{scene.run}/data/{file.name}"
    s3.upload_file(str(file), bucket, key)
    if mapping:
        s3.upload_file(str(mapping), bucket, f"ledgers/{scene.run}/mapping/columns.toml")
    facts.update(object=f"s3://{bucket}/{key}", bytes=file.stat().st_size, mapping=mapping.name if mapping else None)
    facts["told"] = f"{file.name}, {file.stat().st_size / 1e6:.1f} MB" + (
        f", columns by {mapping.name}" if mapping else ""
    )


SEED = 7
DATA_REPORT = BUILD / "data-report.html"
"""What ETL tells people of the ledger, brought to this machine."""


@dataclass(frozen=True)
class EtlRun:
    """One ETL job: its name, the seed of what it injects, and below which names its outputs go."""

    name: str
    seed: int | None
    places: Mapping[str, str]


def etl_runs(scene: Scene) -> list[EtlRun]:
    """One job; of a ledger without labels, one that injects anomalies to train and measure by, and one as it is.

    What is scored and shown comes from the ledger as it is: no invented row is among those rows or in their features.
    """
    run, outputs = scene.run, ("features", "live", "quarantine")
    if not scene.ledger.inject:
        return [EtlRun(f"etl-{run}", None, dict.fromkeys(outputs, run))]
    return [
        EtlRun(f"etl-{run}", SEED, dict.fromkeys(outputs, run) | {"live": f"{run}-injected"}),
        EtlRun(f"etl-as-it-is-{run}", None, dict.fromkeys(outputs, f"{run}-as-it-is") | {"live": run}),
    ]


def etl(scene: Scene, facts: Facts) -> None:
    """The trainer runs ETL as a SageMaker Processing job and reads what it says of the rows."""
    jobs = [run_etl(scene, each) for each in etl_runs(scene)]
    report = read_json(scene, f"quarantine/{scene.run}/report.json")
    manifest = read_json(scene, f"features/{scene.run}/manifest.json")
    expect(
        report["read"] == report["accepted"] + report["quarantined"],
        f"Rows were dropped silently: {report}",
    )
    bring_data_report(scene)
    facts.update(job_arn=jobs[0]["ProcessingJobArn"], report=report, columns=len(manifest["columns"]))
    facts["objects"] = {name: item["sha256"] for name, item in manifest["objects"].items()}
    anomalies = sum(report["kinds"].values())
    source = (
        "labelled"
        if report["labels"] == "given"
        else f"no labels, so {anomalies:,} anomalies were injected to measure by"
    )
    facts["told"] = (
        f"{report['accepted']:,} rows accepted, {report['quarantined']:,} set aside with their reasons; {source}"
    )


def bring_data_report(scene: Scene) -> None:
    """The trainer fetches the page about the ledger."""
    key = f"quarantine/{scene.run}/data-report.html"
    body = scene.person(TRAINER).client("s3").get_object(Bucket=scene.outputs["DataBucket"], Key=key)["Body"]
    DATA_REPORT.write_bytes(body.read())


def run_etl(scene: Scene, run: EtlRun) -> dict[str, Any]:
    """Run one ETL job to its end."""
    return run_processing(scene, processing_request(scene, run))


def run_processing(scene: Scene, request: Mapping[str, Any]) -> dict[str, Any]:
    """Run a processing job of the trainer's to its end, which must be a good one."""
    sagemaker, name = scene.person(TRAINER).client("sagemaker"), request["ProcessingJobName"]
    sagemaker.create_processing_job(**request)
    job = wait_for(lambda: ended_processing(sagemaker, name), f"processing job {name}", seconds=300)
    why = job.get("ExitMessage") or job.get("FailureReason")
    expect(job["ProcessingJobStatus"] == "Completed", f"The processing job {name} failed: {why}")
    return job


def processing_request(scene: Scene, run: EtlRun) -> dict[str, Any]:
    """One ETL job."""
    out, bucket = scene.outputs, scene.outputs["DataBucket"]
    inputs = {"ledger": f"s3://{bucket}/ledgers/{scene.run}/data/", **mapping_of(scene)}
    places = {name: f"s3://{bucket}/{name}/{place}" for name, place in run.places.items()}
    application = {"ImageUri": out["EtlImageUri"], "ContainerArguments": etl_arguments(scene, run)}
    return job_request(
        scene, run.name, role=out["EtlJobRoleArn"], application=application, inputs=inputs, outputs=places
    )


def mapping_of(scene: Scene) -> dict[str, str]:
    """The ledger's mapping as a job's input, if it has one."""
    place = f"s3://{scene.outputs['DataBucket']}/ledgers/{scene.run}/mapping/"
    return {"mapping": place} if scene.ledger.mapping else {}


def resources_of(scene: Scene) -> dict[str, Any]:
    """What a processing job runs on."""
    return {
        "ClusterConfig": {
            "InstanceCount": 1,
            "InstanceType": "ml.m5.xlarge",
            "VolumeSizeInGB": 30,
            "VolumeKmsKeyId": scene.outputs["JobKeyArn"],
        }
    }


def job_request(
    scene: Scene,
    name: str,
    *,
    role: str,
    application: Mapping[str, Any],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
) -> dict[str, Any]:
    """A processing job as the trainer's policy demands it: isolated, in our subnets, encrypted, tagged, bounded."""
    out, folder = scene.outputs, "/opt/ml/processing"
    return {
        "ProcessingJobName": name,
        "RoleArn": role,
        "AppSpecification": application,
        "ProcessingResources": resources_of(scene),
        "ProcessingInputs": [
            {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": f"{folder}/input/{name}",
             "S3DataType": "S3Prefix", "S3InputMode": "File"}}
            for name, uri in inputs.items()
        ],
        "ProcessingOutputConfig": {
            "KmsKeyId": out["JobKeyArn"],
            "Outputs": [
                {"OutputName": name, "S3Output": {"S3Uri": uri, "LocalPath": f"{folder}/output/{name}",
                 "S3UploadMode": "EndOfJob"}}
                for name, uri in outputs.items()
            ],
        },
        "NetworkConfig": {
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            "VpcConfig": {"Subnets": out["JobSubnetIds"].split(","), "SecurityGroupIds": [out["JobSecurityGroupId"]]},
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 1800},
        "Tags": [{"Key": "atoll:uid", "Value": TRAINER.uid}],
    }  # fmt: skip


def etl_arguments(scene: Scene, run: EtlRun) -> list[str]:
    """What the container is told: the settings' engine, and the seed of what is injected."""
    inject = [] if run.seed is None else ["--inject", str(run.seed)]
    return ["etl", "--engine", scene.outputs["EtlEngine"], *inject]


def ended_processing(sagemaker: Any, name: str) -> dict[str, Any] | None:  # noqa: ANN401 - boto3 clients have no static type
    """The job's description once it has ended, else None."""
    job = sagemaker.describe_processing_job(ProcessingJobName=name)
    return job if job["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} else None


def read_json(scene: Scene, key: str) -> dict[str, Any]:
    """A JSON object of the data bucket."""
    body = scene.administrator.client("s3").get_object(Bucket=scene.outputs["DataBucket"], Key=key)["Body"]
    return json.load(body)
