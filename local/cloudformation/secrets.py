"""`Ref` of a secret is its ARN, on AWS; the emulator gives its name, so that no policy on the secret would match."""

from collections.abc import Callable

from local import private
from local.cloudformation.resource_type import Made, Props

_SUFFIX = len("-xxxxxx")


def refer_to_secrets_by_arn() -> None:
    """Make the ARN the physical id of `AWS::SecretsManager::Secret`."""
    known = private.find("ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS")
    secret = known["AWS::SecretsManager::Secret"]
    create, update, delete = secret["create"], secret["update"], secret["delete"]

    def by_arn(make: Callable[..., Made]) -> Callable[..., Made]:
        def made(*arguments: object) -> Made:
            name, attributes = make(*arguments)
            return attributes.get("Arn", name), attributes

        return made

    def updated(arn: str, *arguments: object) -> Made:
        return by_arn(update)(secret_name(arn), *arguments)

    def deleted(arn: str, props: Props) -> None:
        delete(secret_name(arn), props)

    secret.update({"create": by_arn(create), "update": updated, "delete": deleted})


def secret_name(arn: str) -> str:
    """The secret's name in its ARN, which ends with six more characters; a name stays as it is."""
    return arn.split(":", 6)[6][:-_SUFFIX] if arn.startswith("arn:") else arn
