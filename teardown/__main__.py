"""`python -m teardown --environment NAME`: what would go and what stays; with `--delete NAME` it does it."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stacks.settings import Settings, settings_or_exit
from teardown.stacks import BUCKET, Stack, TeardownError, delete, deployed, empty_bucket, empty_repository

Clients = Callable[[str], Any]


def main(arguments: Sequence[str], client: Callable[..., Any] = boto3.client) -> int:
    """Say the plan, and carry it out where `--delete` repeats the deployment's name; `client` is boto3's."""
    parser = argparse.ArgumentParser(prog="python -m teardown", description=__doc__)
    parser.add_argument("--environment", required=True, help="name below environments/, or a path to a TOML file")
    parser.add_argument("--delete", metavar="NAME", help="the deployment's name once more: take it down")
    given = parser.parse_args(arguments)
    settings = settings_or_exit({"ATOLL_ENVIRONMENT": given.environment})
    try:
        run(settings, cache(partial(client, region_name=settings.deployment.region)), delete_name=given.delete)
    except (TeardownError, ClientError, BotoCoreError) as error:
        sys.stderr.write(f"atoll: {error}\n")
        return 1
    return 0


def run(settings: Settings, clients: Clients, *, delete_name: str | None) -> None:
    """Print the plan; take the stacks down where the name is that of the deployment.

    Raises:
        TeardownError: they may not go, the name is another one, or a stack can't be deleted.
    """
    stacks = checked(settings, clients)
    name = settings.deployment.name
    for line in plan(stacks) or ["nothing is deployed"]:
        _say(line)
    if delete_name is None:
        _say(f"nothing was changed; --delete {name} takes it down")
    elif delete_name != name:
        raise TeardownError(f"--delete is {delete_name!r}, and the deployment is {name!r}")
    else:
        take_down(stacks, clients)


def checked(settings: Settings, clients: Clients) -> list[Stack]:
    """Give the deployed stacks, when all of them may go.

    Raises:
        TeardownError: production, another account, or a stack that is protected.
    """
    own, wanted = clients("sts").get_caller_identity()["Account"], settings.deployment.account
    if settings.deployment.production:
        raise TeardownError(f"{settings.deployment.name} is production: docs/operate.md says how it ends")
    if own != wanted:
        raise TeardownError(f"the credentials are of account {own}, and the deployment is in {wanted}")
    stacks = deployed(clients("cloudformation"))
    if protected := [stack.name for stack in stacks if stack.protected]:
        raise TeardownError(f"{', '.join(protected)}: protected from termination; lift that first if you mean it")
    return stacks


def plan(stacks: Sequence[Stack]) -> list[str]:
    """Say in which order the stacks go, what is emptied for it, and what stays."""
    lines = []
    for stack in stacks:
        lines.append(f"{stack.name} goes, with {sum(not each.stays for each in stack.resources)} resources")
        lines += [f"  emptied: {each.type} {each.physical_id}" for each in stack.filled]
        lines += [f"  stays:   {each.type} {each.physical_id}" for each in stack.resources if each.stays]
    return lines


def take_down(stacks: Sequence[Stack], clients: Clients) -> None:
    """Empty and delete one stack after the other."""
    for stack in stacks:
        for each in stack.filled:
            empty = (empty_bucket, "s3") if each.type == BUCKET else (empty_repository, "ecr")
            _say(f"{each.physical_id}: {empty[0](clients(empty[1]), each.physical_id)} deleted")
        delete(clients("cloudformation"), stack.name)
        _say(f"{stack.name} is gone")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
