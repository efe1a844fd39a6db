"""The configuration files that SageMaker puts into a job's container."""

import json
from pathlib import Path
from typing import Any

_HOST = "algo-1"


def write_training_config(root: Path, spec: dict[str, Any]) -> None:
    """Write `input/config/*.json` of a training job and make the folders its container expects."""
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
    _write(config / "resourceconfig.json", _resources(spec["ResourceConfig"]["InstanceType"]))


def write_processing_config(root: Path, spec: dict[str, Any]) -> None:
    """Write `config/*.json` of a processing job and make its output folder."""
    (root / "output").mkdir(parents=True, exist_ok=True)
    (root / "config").mkdir(parents=True, exist_ok=True)
    _write(root / "config" / "processingjobconfig.json", spec)
    _write(root / "config" / "resourceconfig.json", _resources(cluster(spec)["InstanceType"]))


def cluster(spec: dict[str, Any]) -> dict[str, Any]:
    """The machines of a processing job."""
    return spec["ProcessingResources"]["ClusterConfig"]


def _resources(instance_type: str) -> dict[str, Any]:
    group = {"instance_group_name": "homogeneousCluster", "instance_type": instance_type, "hosts": [_HOST]}
    return {
        "current_host": _HOST,
        "current_instance_type": instance_type,
        "current_group_name": "homogeneousCluster",
        "hosts": [_HOST],
        "instance_groups": [group],
        "network_interface_name": "eth0",
    }


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, default=str))
