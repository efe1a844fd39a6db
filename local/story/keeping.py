"""What KEEP=1 leaves: files that a shell needs, and the commands with which a person uses what runs."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from local.cloud import REGION
from local.story.scene import ROOT

if TYPE_CHECKING:
    from local.story.scene import Scene

MLFLOW_USER = "user $MLFLOW_TRACKING_USERNAME, password $MLFLOW_TRACKING_PASSWORD"

REASONS = "X-Amzn-SageMaker-Custom-Attributes: reasons=3"


def how_to_use(scene: Scene) -> str:
    """Write what the commands need, and return the commands as they are to be typed in the checkout's folder."""
    shell, row = write_shell_environment(scene), write_row(scene)
    endpoint, tracking = scene.outputs["EndpointName"], scene.outputs["TrackingUrl"]
    aws, curl = f"aws --endpoint-url {scene.cloud.endpoint}", 'curl -sS --cacert "$AWS_CA_BUNDLE"'
    user = '--user "$MLFLOW_TRACKING_USERNAME:$MLFLOW_TRACKING_PASSWORD"'
    sign = f'--aws-sigv4 aws:amz:{REGION}:sagemaker --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"'
    ask = f"-H 'Content-Type: text/csv' -H 'Accept: application/json' -H '{REASONS}' --data-binary @{row}"
    lines = [
        "",
        "The local AWS, MLflow and the endpoint go on running; `make story-down` ends them. Their certificates end on",
        f"{scene.cloud.certificates.end:%Y-%m-%d}: tell the story anew by then. In this folder:",
        f"  source {shell}",
        "",
        f"Ask the endpoint about the transaction of alert 1 (its features are in {row}):",
        f"  {curl} {sign} {ask} {scene.cloud.endpoint}/endpoints/{endpoint}/invocations",
        "",
        "The local AWS (any AWS SDK works, too; the AWS CLI isn't part of Atoll's venv):",
        f"  {aws} cloudformation describe-stacks --query 'Stacks[].[StackName,StackStatus]' --output text",
        f"  {aws} sagemaker describe-endpoint --endpoint-name {endpoint}",
        "",
        f"MLflow's pages: {tracking} (your browser doesn't know its certificate)",
        '  echo "$MLFLOW_TRACKING_USERNAME   $MLFLOW_TRACKING_PASSWORD"',
        f"  {curl} {tracking}/health",
        f'  {curl} {user} "{tracking}/api/2.0/mlflow/registered-models/search"',
    ]
    return "\n".join(lines)


def write_shell_environment(scene: Scene) -> str:
    """Write what a shell needs to use the local AWS and MLflow as administrator; returns the file's path."""
    mine = {name: value for name, value in scene.cloud.environment.items() if name.startswith("AWS_")}
    lines = [
        f"export {name}={shlex.quote(value)}" for name, value in sorted((mine | scene.tracking_environment()).items())
    ]
    file = scene.cloud.folder / "environment.sh"
    file.touch(mode=0o600)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file.relative_to(ROOT))


def write_row(scene: Scene) -> str:
    """Write the features of the transaction with the highest score, as the endpoint takes them; returns the path."""
    file = scene.cloud.folder / "transaction.csv"
    file.write_text(scene.narrator.facts("batch")["top_row"] + "\n", encoding="utf-8")
    return str(file.relative_to(ROOT))
