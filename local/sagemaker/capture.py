"""Data capture: what callers sent and got, as lines of JSON in S3.

Where the files lie and what a line holds: "Capture data from real-time endpoint",
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html. Here each invocation is a file
of its own; AWS collects several. A file that can't be written is no error of the invocation.
"""

import base64
import json
import logging
import random
import threading
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError

from local.sagemaker import emulator, storage
from local.sagemaker.backend import Backend
from local.sagemaker.fleets import Variant
from local.sagemaker.records import MODEL, Record
from local.sagemaker.servers import Reply

logger = logging.getLogger("sagemaker")
_ALL = 100
_OK = 200


def keep(  # noqa: PLR0913, PLR0917 - an invocation has these parts
    backend: Backend,
    endpoint: str,
    config: Record,
    variant: Variant,
    body: bytes,
    headers: Mapping[str, str],
    reply: Reply,
) -> None:
    """Keep one invocation if the configuration asks for it; the caller doesn't wait for S3."""
    asked = config.get("DataCaptureConfig", {})
    sampled = random.random() * _ALL < asked.get("InitialSamplingPercentage", 0)  # noqa: S311 - a sample, no secret
    if not asked.get("EnableCapture") or not sampled or reply.status != _OK:
        return
    parts = {
        "Input": (body, headers.get("content-type", "")),
        "Output": (reply.body, reply.headers.get("content-type", "")),
    }
    wanted = {option["CaptureMode"] for option in asked["CaptureOptions"]}
    chosen = {mode: part for mode, part in parts.items() if {mode, "InputAndOutput"} & wanted}
    line = _line(chosen, asked.get("CaptureContentTypeHeader", {}))
    item = next(each for each in config["ProductionVariants"] if each["VariantName"] == variant.name)
    role = backend.records.get(MODEL, item["ModelName"])["ExecutionRoleArn"]
    folder = f"{asked['DestinationS3Uri'].rstrip('/')}/{endpoint}/{variant.name}/{datetime.now(UTC):%Y/%m/%d/%H}"
    threading.Thread(target=_put, args=(role, folder, line, asked.get("KmsKeyId")), daemon=True).start()


def _line(parts: Mapping[str, tuple[bytes, str]], types: Mapping[str, list[str]]) -> bytes:
    data = {f"endpoint{mode}": _part(mode, *part, types) for mode, part in parts.items()}
    when = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    event = {"eventId": str(uuid.uuid4()), "inferenceTime": when}
    return json.dumps({"captureData": data, "eventMetadata": event, "eventVersion": "0"}).encode() + b"\n"


def _part(mode: str, content: bytes, content_type: str, types: Mapping[str, list[str]]) -> Record:
    """Text only for the content types that the configuration names; everything else as Base64, as on AWS."""
    encodings = {"CSV": types.get("CsvContentTypes", []), "JSON": types.get("JsonContentTypes", [])}
    bare = content_type.partition(";")[0]
    encoding = next((name for name, named in encodings.items() if bare in named), "BASE64")
    text = base64.b64encode(content).decode() if encoding == "BASE64" else content.decode(errors="replace")
    return {"observedContentType": content_type, "mode": mode.upper(), "data": text, "encoding": encoding}


def _put(role: str, folder: str, line: bytes, kms_key: str | None) -> None:
    now = datetime.now(UTC)
    try:
        storage.upload(emulator.s3_as(role), line, f"{folder}/{now:%M-%S-%f}-{uuid.uuid4()}.jsonl", kms_key)
    except (ClientError, BotoCoreError):
        logger.exception("data capture below %s", folder)
