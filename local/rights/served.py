"""`python -m local.rights.served`: the IAM actions of the calls that the local AWS serves, into served.json.

Counted are the services whose actions the stacks' policies name. A call is served when the module that answers for its
service names the operation (in REST services: when the emulator knows the operation's route), and its IAM action is
the one that the emulator finds for such a request. Judged is an action that the Service Authorization Reference holds,
with its required resource types; every other one is refused to everybody but root (`local.iam`).
`make checks` puts the numbers into docs/checks.json.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import botocore.session

from local import private
from local.rights import reference

KEPT = Path(__file__).parent / "served.json"
OURS = {"sagemaker": "local.sagemaker.operations", "application-autoscaling": "local.sagemaker.autoscaling"}
"""Services that this package serves: namespace, which is also botocore's name -> the module with their operations."""
_BOTOCORE = {"elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
_MODULES = {
    "elasticloadbalancing": "alb",
    "events": "eventbridge",
    "lambda": "lambda_svc",
    "logs": "cloudwatch_logs",
    "monitoring": "cloudwatch",
    "wafv2": "waf",
}
SERVICES = (
    *("backup", "cloudformation", "cloudtrail", "ec2", "ecr", "ecs", "elasticloadbalancing", "events", "iam", "kms"),
    *("lambda", "logs", "monitoring", "rds", "s3", "secretsmanager", "sns", "sqs", "ssm", "sts", "wafv2"),
)
"""The emulator's names of the services."""


def actions() -> dict[str, set[str]]:
    """Give the IAM actions of the calls that are served, by the emulator's name of the service."""
    found = {service: set(_of_emulator(service)) for service in SERVICES}
    return found | {service: set(_of_ours(service)) for service in OURS}


def counted() -> dict[str, Any]:
    """Count them, and name those that are refused for want of an entry."""
    every = {action for each in actions().values() for action in each}
    refused = sorted(action for action in every if not reference.is_known(action))
    typed = sum(1 for action in every - set(refused) if reference.required(action))
    return {"served": len(every), "judged": len(every) - len(refused), "with_required_types": typed, "refused": refused}


def _of_ours(service: str) -> Iterator[str]:
    text = inspect.getsource(import_module(OURS[service]))
    kinds = re.findall(r'f"(Describe|List)\{kind\.title\}(s?)"', text)
    titles = [kind.title for kind in import_module("local.sagemaker.records").KINDS] if kinds else []
    generic = {f"{verb}{title}{ending}" for verb, ending in kinds for title in titles}
    for operation in _model(service)["operations"]:
        if f'"{operation}"' in text or operation in generic:
            yield f"{service}:{operation}"
    if service == "sagemaker":
        yield "sagemaker:InvokeEndpoint"


def _of_emulator(service: str) -> Iterator[str]:
    find = private.find("ministack.core.iam_actions.extract_iam_action")
    model, text = _model(service), _source(service)
    rest = model["metadata"]["protocol"].startswith("rest-")
    for operation, about in model["operations"].items():
        if not rest and not re.search(rf"\b{operation}\b", text):
            continue
        if action := find(service, *_request(model, operation, about, rest=rest)):
            yield action


def _request(model: Mapping[str, Any], operation: str, about: Mapping[str, Any], *, rest: bool) -> tuple:
    """Give method, path, headers, body and query of an operation's call, as the emulator's finder wants them."""
    if not rest:
        target = f"{model['metadata'].get('targetPrefix', 'X')}.{operation}"
        json_like = model["metadata"]["protocol"] == "json"
        return (
            "POST",
            "/",
            {"x-amz-target": target} if json_like else {},
            b"",
            {} if json_like else {"Action": operation},
        )
    path, _, query = re.sub(r"\{[^}]+\}", "x", about["http"]["requestUri"]).partition("?")
    pairs = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
    return about["http"]["method"], path, {}, b"", {name: [value] for name, value in pairs.items()}


def _model(service: str) -> dict[str, Any]:
    loader = botocore.session.get_session().get_component("data_loader")
    return loader.load_service_model(_BOTOCORE.get(service, service), "service-2")


def _source(service: str) -> str:
    """Give the text of the emulator's module, or package, that answers for a service."""
    module = import_module(f"ministack.services.{_MODULES.get(service, service)}")
    file = Path(str(module.__file__))
    files = sorted(file.parent.glob("*.py")) if file.name == "__init__.py" else [file]
    return "\n".join(each.read_text(encoding="utf-8") for each in files)


if __name__ == "__main__":
    KEPT.write_text(json.dumps(counted(), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(KEPT.read_text(encoding="utf-8"))
