"""LocalCloud: starts, offers and ends one local AWS (`python -m local.aws`) on loopback.

    with LocalCloud() as cloud:
        cloud.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
        cloud.cdk("deploy", "--all", "--require-approval", "never", assembly=Path("build/synth/local"))
        cloud.client("s3").list_buckets()
        cloud.as_person(approver_role_arn, uid="bob").client("cloudformation").execute_change_set(...)

Everything lives below one work folder; two folders are two clouds side by side.
"""

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import boto3
import botocore.loaders
import botocore.session

from local import supervise
from local.certificates import Certificates, make_certificates
from local.cloud_environment import ACCOUNT, REGION, client_environment, server_environment, write_settings
from local.cloud_state import CloudState, free_ports, is_healthy, process_started

if TYPE_CHECKING:
    import subprocess

REPOSITORY = Path(__file__).resolve().parent.parent
DEFAULT_FOLDER = REPOSITORY / "build" / "local"
SETTINGS = REPOSITORY / "environments" / "local.toml"
START_SECONDS = 60.0
CDK_SECONDS = 900.0
FREQUENT_POLLS = Path(__file__).with_name("frequent_polls.cjs")

__all__ = ["ACCOUNT", "REGION", "LocalCloud", "LocalCloudError", "LocalSession"]


class LocalCloudError(RuntimeError):
    """The local AWS or the CDK CLI on it failed; the text holds the end of its log."""


_DESCRIPTIONS = botocore.loaders.create_loader()
"""AWS's descriptions of its services: one for all sessions, as reading one takes longer than most calls."""


class LocalSession(boto3.Session):
    """A boto3 session all of whose clients and resources talk to one local AWS, whatever the caller's environment says.

    It can be handed to any library that takes a boto3 session.
    """

    def __init__(self, *, endpoint: str, authority: Path, credentials: Mapping[str, str]) -> None:
        own = botocore.session.get_session()
        own.register_component("data_loader", _DESCRIPTIONS)
        super().__init__(
            botocore_session=own,
            aws_access_key_id=credentials["AccessKeyId"],
            aws_secret_access_key=credentials["SecretAccessKey"],
            aws_session_token=credentials.get("SessionToken"),
            region_name=REGION,
        )
        self._local = {"endpoint_url": endpoint, "verify": str(authority)}

    def client(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - boto3's own signature
        """A client of the local AWS; `boto3.Session.client`."""
        return super().client(*args, **options | self._local)

    def resource(self, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - boto3's own signature
        """A resource of the local AWS; `boto3.Session.resource`."""
        return super().resource(*args, **options | self._local)


_kept: list[object] = []  # a kept process is nobody's leak: without a reference, Python would warn of it
ROOT = {"AccessKeyId": "test", "SecretAccessKey": "test"}


class LocalCloud:
    """One local AWS: a work folder, two ports, certificates, the emulator's process.

    Args:
        folder: The work folder, made when missing.
        keep: Leave the emulator running when this process ends; `LocalCloud.attach(folder).stop()` ends it later.
        settings: The deployment's settings, copied to `<folder>/environment.toml` with MLflow's port.
    """

    def __init__(self, folder: Path = DEFAULT_FOLDER, *, keep: bool = False, settings: Path = SETTINGS) -> None:
        self.folder = folder.resolve()
        self.keep = keep
        self.settings = settings
        self.certificates = Certificates.below(self.folder / "certificates")
        self._state: CloudState | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.keep:
            _kept.append(self._process)
        else:
            self.stop()

    @classmethod
    def attach(cls, folder: Path = DEFAULT_FOLDER) -> Self:
        """The cloud that a former process left running in `folder`.

        Raises:
            LocalCloudError: Nothing of ours runs there.
        """
        cloud = cls(folder, keep=True)
        cloud._state = CloudState.read(cloud.state_file)
        if cloud._state is None or not cloud._state.is_running():
            cloud.state_file.unlink(missing_ok=True)
            raise LocalCloudError(f"No local AWS runs in {cloud.folder}. Start one with `make story KEEP=1`.")
        return cloud

    def start(self) -> Self:
        """Start the emulator and wait until it answers, at most `START_SECONDS`.

        Raises:
            LocalCloudError: One runs in the folder already, or it didn't get healthy in time.
        """
        former = CloudState.read(self.state_file)
        if former and former.is_running():
            raise LocalCloudError(
                f"A local AWS already runs in {self.folder} (pid {former.pid}). `make story-down` ends it."
            )
        for left_over in ("certificates", "logs", "mlflow", "tmp"):
            shutil.rmtree(self.folder / left_over, ignore_errors=True)
        gateway_port, mlflow_port = free_ports(2)
        self.certificates = make_certificates(self.folder / "certificates")
        write_settings(self.settings, self.environment_file, mlflow_port=mlflow_port)
        self._process = supervise.start(
            [*supervise.PYTHON, "-m", "local.aws"],
            environment=server_environment(self.folder, self.certificates, gateway_port, mlflow_port),
            log=self.log,
            outlive_parent=self.keep,
        )
        self._state = CloudState(self._process.pid, process_started(self._process.pid), gateway_port, mlflow_port)
        self._state.write(self.state_file)
        try:
            self._wait_until_healthy()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End the emulator and all that it started. Does nothing when it's gone already, or is another object's."""
        if self._state is None and self._process is None:
            return
        if self._process is not None:
            supervise.stop(self._process)
        elif self._state is not None:
            self._state.end()
        self._process = self._state = None
        self.state_file.unlink(missing_ok=True)

    @property
    def is_running(self) -> bool:
        """Whether the emulator runs, started by this object or attached to."""
        return self._state is not None and self._state.is_running()

    @property
    def state_file(self) -> Path:
        """Where process id and ports are kept for `attach`."""
        return self.folder / "state.json"

    @property
    def log(self) -> Path:
        """The emulator's log."""
        return self.folder / "logs" / "aws.log"

    @property
    def environment_file(self) -> Path:
        """The settings of the local deployment, for `ATOLL_ENVIRONMENT`."""
        return self.folder / "environment.toml"

    @property
    def endpoint(self) -> str:
        """The gateway's address."""
        return f"https://127.0.0.1:{self._running().gateway_port}"

    @property
    def tracking_url(self) -> str:
        """MLflow's address, once the Tracking stack is deployed."""
        return f"https://localhost:{self._running().mlflow_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment for subprocesses that use this cloud as its administrator (CDK CLI, AWS CLI, boto3).

        The caller's own AWS settings are left out, so that nothing can reach a real account.
        """
        return client_environment(self.endpoint, self.certificates.authority, self.environment_file)

    def session(self, credentials: Mapping[str, str] | None = None) -> LocalSession:
        """A boto3 session for `credentials` (as STS gives them), by default the administrator's."""
        return LocalSession(
            endpoint=self.endpoint, authority=self.certificates.authority, credentials=credentials or ROOT
        )

    def client(self, service: str, credentials: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - as boto3
        """A boto3 client, by default the administrator's."""
        return self.session(credentials).client(service)

    def as_person(self, role_arn: str, uid: str | None) -> LocalSession:
        """The session of the person `uid` in a role; without a uid, one that lacks the tag `uid`."""
        tags = [{"Key": "uid", "Value": uid}] if uid else []
        answer = self.client("sts").assume_role(RoleArn=role_arn, RoleSessionName=uid or "nobody", Tags=tags)
        return self.session(answer["Credentials"])

    def cdk(self, *arguments: str, assembly: Path | None = None, timeout: float = CDK_SECONDS) -> Path:
        """Run the pinned CDK CLI as administrator, on a synthesized `assembly`; returns its log.

        It runs in the work folder, out of reach of cdk.json: nothing is synthesized anew.

        Raises:
            LocalCloudError: It failed or took longer than `timeout` seconds.
        """
        log = self.folder / "logs" / f"cdk-{arguments[0]}-{time.strftime('%H%M%S')}.log"
        command = [str(REPOSITORY / "node_modules" / ".bin" / "cdk"), *arguments, "--no-notices", "--ci"]
        if assembly is not None:
            command += ["--app", str(assembly.resolve())]
        environment = self.environment | {"NODE_OPTIONS": f'--require "{FREQUENT_POLLS}"'}
        process = supervise.start(command, environment=environment, log=log, folder=self.folder)
        try:
            failed = supervise.failure(process, f"cdk {' '.join(arguments)}", log, seconds=timeout)
        finally:
            supervise.stop(process)
        if failed:
            raise LocalCloudError(failed)
        return log

    def _running(self) -> CloudState:
        if self._state is None:
            raise LocalCloudError("The local AWS isn't running: call start() or attach() first.")
        return self._state

    def _wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not is_healthy(f"{self.endpoint}/_ministack/health", self.certificates.authority):
            ended = self._process is not None and self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                what = "ended at once" if ended else f"wasn't healthy after {START_SECONDS:.0f} s"
                raise LocalCloudError(f"The local AWS {what}. The end of {self.log}:\n{supervise.tail(self.log)}")
            time.sleep(0.1)
