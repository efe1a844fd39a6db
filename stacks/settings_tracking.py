"""The MLflow server: its name, its certificate, where runs are kept, and how people sign in before they reach it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from stacks.settings_section import Section

_LABEL = r"[a-z0-9-]{1,63}"
_UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
_HTTPS = Annotated[str, Field(pattern=r"^https://[a-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~/-]*)?$")]


class SingleSignOn(Section):
    """An OpenID Connect provider that people sign in with, at a port of their own, before MLflow asks who they are."""

    port: int = Field(default=8443, ge=1, le=65535, description="TLS port for people; machines keep `tracking.port`.")
    issuer: _HTTPS = Field(description="The provider's issuer, as its discovery document has it.")
    authorization_endpoint: _HTTPS = Field(description="Where people's browsers are sent.")
    token_endpoint: _HTTPS = Field(description="Where the load balancer redeems a code.")
    user_info_endpoint: _HTTPS = Field(description="Where the load balancer asks who signed in.")
    client_id: str = Field(pattern=r"^[A-Za-z0-9._:/-]{1,200}$", description="The client that the provider knows.")
    client_secret_name: str = Field(
        pattern=r"^[A-Za-z0-9/_+=.@-]{1,200}$",
        description="Name of the agency's secret in Secrets Manager whose JSON has `client_secret`.",
    )
    session_hours: int = Field(default=8, ge=1, le=12, description="Hours until a person signs in again.")


class Tracking(Section):
    """The MLflow server."""

    domain: str = Field(
        pattern=rf"^{_LABEL}(\.{_LABEL})*$",
        min_length=3,
        max_length=200,
        description="Host name of the tracking server in the VPC.",
    )
    port: int = Field(default=443, ge=1, le=65535, description="TLS port of the tracking server.")
    certificate_id: str = Field(pattern=_UUID, description="Id of the ACM certificate for the domain.")
    database: Literal["postgresql", "sqlite"] = Field(
        default="postgresql",
        description="Where runs are kept; sqlite is for the laptop.",
    )
    single_sign_on: SingleSignOn | None = Field(
        default=None,
        description="The agency's sign-in in front of the server; only in an existing network, with a way to it.",
    )

    @property
    def url(self) -> str:
        """The server's address, without the port where it is the usual one."""
        return self._url(self.port)

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports of the server: the machines', and the people's where they sign in elsewhere."""
        return (self.port, self.single_sign_on.port) if self.single_sign_on else (self.port,)

    @property
    def urls(self) -> tuple[str, ...]:
        """The addresses of the server, a port each."""
        return tuple(self._url(port) for port in self.ports)

    def _url(self, port: int) -> str:
        return f"https://{self.domain}" + ("" if port == 443 else f":{port}")  # noqa: PLR2004 - https

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        if self.single_sign_on and self.single_sign_on.port == self.port:
            raise ValueError(
                f"single_sign_on.port {self.port} is the machines' port too; give people another one, such as 8443"
            )
        return self
