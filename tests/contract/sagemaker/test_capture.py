"""Data capture on the local SageMaker: what callers sent and got lies in S3."""

import json

from tests.contract.sagemaker.scene import Scene, until


def test_what_callers_sent_and_got_lies_below_the_endpoint_its_variant_and_the_hour(scene: Scene) -> None:
    given = {
        "EnableCapture": True, "InitialSamplingPercentage": 100, "DestinationS3Uri": "s3://data/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"]},
    }  # fmt: skip
    name, config = scene.name("endpoint"), scene.name("config")
    variant = {"InitialInstanceCount": 1, "InstanceType": "ml.m5.large", "VariantName": "live"}
    variant["ModelName"] = scene.model("seen")
    scene.sagemaker.create_endpoint_config(
        EndpointConfigName=config, ProductionVariants=[variant], DataCaptureConfig=given
    )
    scene.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
    scene.settled(name)
    scene.ask(name, b"7\n")
    prefix = f"captured/{name}/live/"
    found = until(lambda: scene.s3.list_objects_v2(Bucket="data", Prefix=prefix).get("Contents", []), bool)
    assert len(found[0]["Key"].removeprefix(prefix).split("/")) == 5
    line = json.loads(scene.s3.get_object(Bucket="data", Key=found[0]["Key"])["Body"].read())
    sent, got = line["captureData"]["endpointInput"], line["captureData"]["endpointOutput"]
    assert (sent["data"], sent["encoding"], sent["mode"]) == ("7\n", "CSV", "INPUT")
    assert (got["data"], got["observedContentType"]) == ("7,seen\n", "text/csv")
    scene.sagemaker.delete_endpoint(EndpointName=name)
