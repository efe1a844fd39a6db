"""The configuration files that SageMaker puts into a job's container."""

import hashlib
import json
from pathlib import Path
from typing import Any

_HOST = "algo-1"


def training_hosts(spec: dict[str, Any]) -> list[str]:
    """The names of a training job's instances."""
    return _hosts(spec["TrainingJobName"], spec["ResourceConfig"].get("InstanceCount", 1))


def processing_hosts(spec: dict[str, Any]) -> list[str]:
    """The names of a processing job's instances."""
    return _hosts(spec["ProcessingJobName"], cluster(spec)["InstanceCount"])


def _hosts(job: str, count: int) -> list[str]:
    """Of several instances, loopback addresses that are this job's own, so that names resolve here too."""
    if count == 1:
        return [_HOST]
    net = hashlib.sha256(job.encode()).digest()
    return [f"127.{net[0]}.{net[1]}.{number + 1}" for number in range(count)]


def write_training_config(root: Path, spec: dict[str, Any], host: str = _HOST) -> None:
    """Write `input/config/*.json` of a training job's host and make the folders its container expects."""
    config = root / "input" / "config"
    for folder in (config, root / "model", root / "output"):
        folder.mkdir(parents=True, exist_ok=True)
    channels = {
        channel["ChannelName"]: {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
            **({"ContentType": channel["ContentType"]} if "ContentType" in channel else {}),
        }
        for channel in spec.get("InputDataConfig", [])
    }
    _write(config / "hyperparameters.json", spec.get("HyperParameters", {}))
    _write(config / "inputdataconfig.json", channels)
    _write(
        config / "resourceconfig.json", _resources(spec["ResourceConfig"]["InstanceType"], host, training_hosts(spec))
    )


def write_processing_config(root: Path, spec: dict[str, Any], host: str) -> None:
    """Write `config/*.json` of a processing job's host and make its output folder."""
    (root / "output").mkdir(parents=True, exist_ok=True)
    (root / "config").mkdir(parents=True, exist_ok=True)
    _write(root / "config" / "processingjobconfig.json", spec)
    resources = _resources(cluster(spec)["InstanceType"], host, processing_hosts(spec))
    _write(root / "config" / "resourceconfig.json", resources)


def cluster(spec: dict[str, Any]) -> dict[str, Any]:
    """The machines of a processing job."""
    return spec["ProcessingResources"]["ClusterConfig"]


def _resources(instance_type: str, host: str, hosts: list[str]) -> dict[str, Any]:
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": hosts}
    return {
        "current_host": host,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": hosts,
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, default=str))
