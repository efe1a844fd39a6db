"""The ledger lands in S3, and ETL turns it into features."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local.story.scene import TRAINER, expect
from local.story.waiting import wait_for

if TYPE_CHECKING:
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


def etl(scene: Scene, facts: Facts) -> None:
    """The trainer runs ETL as a SageMaker Processing job and reads what it says of the rows."""
    sagemaker = scene.person(TRAINER).client("sagemaker")
    name = f"etl-{scene.run}"
    sagemaker.create_processing_job(**processing_request(scene, name))
    job = wait_for(lambda: ended_processing(sagemaker, name), f"processing job {name}", seconds=300)
    expect(
        job["ProcessingJobStatus"] == "Completed", f"ETL failed: {job.get('ExitMessage') or job.get('FailureReason')}"
    )
    report = read_json(scene, f"quarantine/{scene.run}/report.json")
    manifest = read_json(scene, f"features/{scene.run}/manifest.json")
    expect(
        report["read"] == report["accepted"] + report["quarantined"],
        f"Rows were dropped silently: {report}",
    )
    facts.update(job_arn=job["ProcessingJobArn"], report=report, columns=len(manifest["columns"]))
    facts["objects"] = {name: item["sha256"] for name, item in manifest["objects"].items()}
    anomalies = sum(report["kinds"].values())
    source = "labelled" if report["labels"] == "given" else f"no labels, so {anomalies:,} anomalies were injected"
    facts["told"] = (
        f"{report['accepted']:,} rows accepted, {report['quarantined']:,} set aside with their reasons; {source}"
    )


def processing_request(scene: Scene, name: str) -> dict[str, Any]:
    """The ETL job as the trainer's policy demands it: isolated, in our subnets, encrypted, tagged, bounded."""
    out, bucket, key = scene.outputs, scene.outputs["DataBucket"], scene.outputs["JobKeyArn"]
    inputs = {"ledger": f"s3://{bucket}/ledgers/{scene.run}/data/"}
    if scene.ledger.mapping:
        inputs["mapping"] = f"s3://{bucket}/ledgers/{scene.run}/mapping/"
    return {
        "ProcessingJobName": name,
        "RoleArn": out["EtlJobRoleArn"],
        "AppSpecification": {"ImageUri": out["EtlImageUri"], "ContainerArguments": etl_arguments(scene)},
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": int(out["EtlInstances"]), "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 30, "VolumeKmsKeyId": key,
            }
        },
        "ProcessingInputs": [
            {"InputName": name, "S3Input": {"S3Uri": uri, "LocalPath": f"/opt/ml/processing/input/{name}",
             "S3DataType": "S3Prefix", "S3InputMode": "File"}}
            for name, uri in inputs.items()
        ],
        "ProcessingOutputConfig": {
            "KmsKeyId": key,
            "Outputs": [
                {"OutputName": name, "S3Output": {"S3Uri": f"s3://{bucket}/{name}/{scene.run}",
                 "LocalPath": f"/opt/ml/processing/output/{name}", "S3UploadMode": "EndOfJob"}}
                for name in ("features", "live", "quarantine")
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


def etl_arguments(scene: Scene) -> list[str]:
    """What the container is told: the settings' engine; anomalies are injected only where the ledger has no labels."""
    inject = ["--inject", "7"] if scene.ledger.inject else []
    return ["etl", "--engine", scene.outputs["EtlEngine"], *inject]


def ended_processing(sagemaker: Any, name: str) -> dict[str, Any] | None:  # noqa: ANN401 - boto3 clients have no static type
    """The job's description once it has ended, else None."""
    job = sagemaker.describe_processing_job(ProcessingJobName=name)
    return job if job["ProcessingJobStatus"] in {"Completed", "Failed", "Stopped"} else None


def read_json(scene: Scene, key: str) -> dict[str, Any]:
    """A JSON object of the data bucket."""
    body = scene.administrator.client("s3").get_object(Bucket=scene.outputs["DataBucket"], Key=key)["Body"]
    return json.load(body)
