"""A bucket with rows, a job role, and people, on the local SageMaker with the stand-in container."""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.cloud import LocalSession
from tests.contract.sagemaker.cloud import IMAGE, StandInCloud

SERVICE_TRUST = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
PEOPLE_TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole", "sts:TagSession"]}


class Scene:
    """What the tests of one file share. Names are fresh, so that tests can run in any order."""

    def __init__(self, cloud: StandInCloud) -> None:
        self.cloud = cloud
        self.sagemaker = cloud.client("sagemaker")
        self.s3 = cloud.client("s3")
        self.s3.create_bucket(Bucket="data")
        self.s3.put_object(Bucket="data", Key="features/a.csv", Body=b"1,2\n3,4\n")
        self.s3.put_object(Bucket="data", Key="features/deep/b.csv", Body=b"5,6\n")
        self.role = self.make_role(SERVICE_TRUST, {"Action": "s3:*", "Resource": "*"})
        self._archives: dict[str, str] = {}

    @staticmethod
    def name(prefix: str) -> str:
        return f"{prefix}-{uuid.uuid4().hex[:8]}"

    def make_role(self, trust: dict[str, Any], *allowed: dict[str, Any]) -> str:
        iam, name = self.cloud.client("iam"), self.name("role")
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in allowed]}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        if allowed:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        return arn

    def person(self, *allowed: dict[str, Any], uid: str = "alice") -> LocalSession:
        role = self.make_role(PEOPLE_TRUST, *allowed)
        given = {"RoleArn": role, "RoleSessionName": uid, "Tags": [{"Key": "uid", "Value": uid}]}
        return self.cloud.session(self.cloud.client("sts").assume_role(**given)["Credentials"])

    def training(self, **changes: object) -> dict[str, Any]:
        source = {"S3DataType": "S3Prefix", "S3Uri": "s3://data/features/"}
        return {
            "TrainingJobName": self.name("train"),
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "RoleArn": self.role,
            "InputDataConfig": [{"ChannelName": "features", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": "s3://data/jobs"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            **changes,
        }

    def train(self, **changes: object) -> dict[str, Any]:
        """Run a training job to its end; returns its description."""
        request = self.training(**changes)
        self.sagemaker.create_training_job(**request)
        return self.ended("training", request["TrainingJobName"])

    def ended(self, kind: str, name: str) -> dict[str, Any]:
        describe = getattr(self.sagemaker, f"describe_{kind}_job")
        title = f"{kind.title()}Job"
        busy = ("InProgress", "Stopping")
        return until(lambda: describe(**{f"{title}Name": name}), lambda job: job[f"{title}Status"] not in busy, 180)

    def archive(self, word: str) -> str:
        """The archive of a trained model of one word, trained once: a model is its word and nothing else."""
        if word not in self._archives:
            trained = self.train(HyperParameters={"word": word})
            self._archives[word] = trained["ModelArtifacts"]["S3ModelArtifacts"]
        return self._archives[word]

    def model(self, word: str) -> str:
        """Make a SageMaker model of one word; returns its name."""
        container = {"Image": IMAGE, "ModelDataUrl": self.archive(word)}
        name = self.name("model")
        self.sagemaker.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=self.role)
        return name

    def config(self, *words: str) -> str:
        """An endpoint configuration with a variant for each word: live, live-1, ..."""
        name, variant = self.name("config"), {"InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
        variants = [
            {**variant, "VariantName": f"live-{number}" if number else "live", "ModelName": self.model(word)}
            for number, word in enumerate(words)
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants)
        return name

    def ask(self, name: str, body: bytes = b"1\n2\n", **more: str) -> dict[str, Any]:
        """Invoke an endpoint; returns its answer with the body read."""
        runtime = self.cloud.client("sagemaker-runtime")
        answer = runtime.invoke_endpoint(EndpointName=name, Body=body, ContentType="text/csv", **more)
        return answer | {"Body": answer["Body"].read()}

    def settled(self, name: str) -> dict[str, Any]:
        busy = ("Creating", "Updating")
        return until(
            lambda: self.sagemaker.describe_endpoint(EndpointName=name),
            lambda found: found["EndpointStatus"] not in busy,
        )


def until(ask: Callable[[], Any], accept: Callable[[Any], bool], seconds: float = 60) -> Any:  # noqa: ANN401 - any answer
    """Ask until the answer is accepted, at most so long."""
    deadline = time.monotonic() + seconds
    while not accept(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.1)
    return answer


def containers(folder: Path, what: str) -> list[int]:
    """The processes that run our container below a folder with the argument `what`, without their supervisors."""
    found = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                environment, command = (process / "environ").read_bytes(), (process / "cmdline").read_bytes()
            except OSError:
                continue
            wanted = f"container\0{what}\0".encode()
            if f"ATOLL_ML_ROOT={folder}".encode() in environment and wanted in command and b"--\0" not in command:
                found.append(int(process.name))
    return found
