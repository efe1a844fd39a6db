"""Settings of one deployment: read from one TOML file, bounded, frozen, and handed over whole."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from stacks.endpoint_services import endpoints
from stacks.regions import LOCAL_ACCOUNT, PROFILES, RegionProfile
from stacks.settings_errors import SettingsError, sentence
from stacks.settings_etl import Etl
from stacks.settings_logs import Logs
from stacks.settings_model import Model
from stacks.settings_network import Network
from stacks.settings_scores import Scores
from stacks.settings_section import DIGEST
from stacks.settings_section import Section as _Section
from stacks.settings_tracking import Tracking

ENVIRONMENTS = Path(__file__).parent.parent / "environments"
PrincipalName = Annotated[str, Field(pattern=r"^([0-9]{12}:)?(root|(role|user)/[A-Za-z0-9_+=,.@/-]+)$", max_length=128)]
"""Ten of the longest fill three quarters of a trust policy (compliance/limits/table.py)."""
RoleName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_+=,.@/-]+$", max_length=128)]  # with its path
ModelName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}[a-z0-9]$")]


class Deployment(_Section):
    """Where the platform stands."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="What people call this deployment.")
    account: str = Field(pattern=r"^[0-9]{12}$", description="The account's twelve digits.")
    region: Literal["us-east-1", "us-gov-west-1", "us-gov-east-1"] = Field(description="The region.")
    production: bool = Field(description="Production keeps data, protects stacks, and wants pinned images.")


PROVIDERS_THAT_NAME = 4  # four of the longest, named twice, are a trust policy's bound


class Identity(_Section):
    """Who may become whom, and what every role must carry."""

    permissions_boundary: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_+=,.@/-]+$",
        max_length=512,
        description="Name (with path) of the managed policy in this account that bounds every role.",
    )
    role_path: str = Field(
        default="/atoll/",
        pattern=r"^/([A-Za-z0-9_+=,.@-]+/)*$",
        max_length=100,
        description="IAM path of every role; policies name roles with it, and IAM bounds their length.",
    )
    role_name_prefix: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9_+=,.@-]*$",
        max_length=20,
        description="Start of every role's name, where the agency demands one; empty lets CloudFormation name them, "
        "but for the roles of the release path's functions, `Atoll-<function>-<region>`.",
    )
    cloudformation_role: RoleName | None = Field(
        default=None,
        description="Name (with path) of the role that CloudFormation deploys with, where it isn't that of `cdk "
        "bootstrap`. The audit bucket lets it alone change the bucket's rules.",
    )
    deploy_role: RoleName | None = Field(
        default=None,
        description="Name (with path) of the role that calls CloudFormation to deploy, where it isn't that of `cdk "
        "bootstrap`. What another role brings to an endpoint's stack is taken back.",
    )
    identity_providers: tuple[PrincipalName, ...] = Field(
        min_length=1,
        max_length=10,
        description="Principals that may assume people's roles and set their session tags: `root`, `role/<name>`, "
        "or `<account>:role/<name>`.",
    )
    mail_domains: tuple[Annotated[str, Field(pattern=r"^[a-z0-9.-]+$", max_length=100)], ...] = Field(
        default=(),
        max_length=10,
        description="Domains whose mail addresses administrators may subscribe to notifications; none: any domain's.",
    )
    source_identity: bool = Field(
        default=False,
        description="The provider sets each person's source identity to the id: nobody who comes with another one, or "
        "with none, makes or releases anything. Four identity providers at most.",
    )

    @model_validator(mode="after")
    def _a_trust_policy_holds_both_statements(self) -> Self:
        if self.source_identity and len(self.identity_providers) > PROVIDERS_THAT_NAME:
            raise ValueError(
                f"identity_providers has {len(self.identity_providers)} principals, expected at most "
                f"{PROVIDERS_THAT_NAME} with source_identity: a trust policy then names each of them twice"
            )
        return self


class Images(_Section):
    """Which container images run."""

    digests: Literal["pinned", "code", "pending"] = Field(
        description="pinned: the digests below; code: the hash of the code tree (laptop); pending: the first of two "
        "deployments, which brings only Atoll-Foundation and Atoll-Registry.",
    )
    model: str | None = Field(default=None, pattern=DIGEST, description="Digest of atoll/model that trains (and ETL).")
    serving: str | None = Field(
        default=None, pattern=DIGEST, description="Digest of atoll/model that serves: the same code, fewer packages."
    )
    mlflow: str | None = Field(default=None, pattern=DIGEST, description="Digest of atoll/mlflow.")
    former: tuple[Annotated[str, Field(pattern=DIGEST)], ...] = Field(
        default=(),
        max_length=20,
        description="Digests of atoll/model published earlier, whose trainings still count and that may come back; "
        "`make images` adds the one that it replaces. A model trained by any other image is refused, and nothing goes "
        "back to one: take out what has known holes.",
    )

    @model_validator(mode="after")
    def _digests_are_there_when_pinned(self) -> Self:
        if self.digests == "pinned" and not (self.model and self.serving and self.mlflow):
            raise ValueError(
                'model, serving and mlflow must all be given as sha256:<64 hex digits> with digests = "pinned". A '
                'first deployment has two steps: deploy with digests = "pending" (Atoll-Foundation, Atoll-Registry), '
                "push the images, then write their digests here and deploy everything",
            )
        if self.digests != "pinned" and (self.model or self.serving or self.mlflow):
            raise ValueError(f'model, serving and mlflow go with digests = "pinned", and digests is "{self.digests}"')
        return self


class Release(_Section):
    """How a model's version comes to serve."""

    request_expires_after_days: int = Field(
        default=14, ge=1, le=90, description="Days after which a request that nobody executed expires."
    )
    moved: tuple[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")], ...] = Field(
        default=(),
        max_length=10,
        description="Manifests (their sha256) of models that were released in another account or region, whose sealed "
        "archives `python -m releases ask-again` may ask for here (operate guide); empty again when they serve.",
    )


class Settings(_Section):
    """All values of one deployment."""

    deployment: Deployment
    identity: Identity
    network: Network
    tracking: Tracking
    images: Images
    models: dict[ModelName, Model] = Field(
        default_factory=dict,
        max_length=1,
        description="The models, by name; this version serves one.",
    )
    etl: Etl = Etl()
    release: Release = Release()
    scores: Scores = Scores()
    logs: Logs = Logs()

    @property
    def region(self) -> RegionProfile:
        """What the deployment's region has and lacks."""
        return PROFILES[self.deployment.region]

    @property
    def fips(self) -> bool:
        """Whether our code calls AWS by its FIPS host names."""
        return self.region.is_govcloud if self.network.fips is None else self.network.fips

    @model_validator(mode="after")
    def _region_fits(self) -> Self:
        region = self.deployment.region
        if strangers := [zone for zone in self.network.availability_zones if not zone.startswith(region)]:
            raise ValueError(f"network.availability_zones {strangers} must be zones of {region}")
        if self.tracking.single_sign_on and not self.network.existing:
            raise ValueError(
                "tracking.single_sign_on needs [network.existing]: a new network has no way to an identity provider; "
                "remove it, or deploy into a network of the agency that has one"
            )
        for name, model in self.models.items():
            if model.target == "fargate":
                raise ValueError(f'models.{name}.target "fargate" is planned and not built yet; leave the model out')
            if not self.region.has_sagemaker_endpoints:
                raise ValueError(
                    f'models.{name}.target "sagemaker" cannot stand in {region}: CloudFormation has no SageMaker '
                    'endpoints there, and "fargate" is not built yet. Leave the model out, or deploy in us-gov-west-1',
                )
        return self

    @model_validator(mode="after")
    def _spark_has_its_image(self) -> Self:
        if self.etl.engine == "spark" and self.images.digests == "pinned" and not self.etl.image:
            raise ValueError('etl.engine "spark" needs etl.image: the model image has no Java; pin one that has')
        return self

    @model_validator(mode="after")
    def _endpoints_are_in_use(self) -> Self:
        endpoints(self)
        return self

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if not self.deployment.production:
            return self
        if self.deployment.account == LOCAL_ACCOUNT:
            raise ValueError(f'deployment.account "{LOCAL_ACCOUNT}" is the local AWS; production needs a real account')
        if self.images.digests == "code":
            raise ValueError('images.digests "code" is for a laptop; production images are "pinned" by their digests')
        if self.tracking.database != "postgresql":
            raise ValueError('tracking.database "sqlite" loses runs; production needs "postgresql"')
        if any(provider.rpartition(":")[2] == "root" for provider in self.identity.identity_providers):
            raise ValueError('identity.identity_providers "root" lets every principal of the account in; name a role')
        if few := [name for name, model in self.models.items() if model.minimum_instances < 2]:  # noqa: PLR2004
            raise ValueError(f"models.{few[0]}.minimum_instances must be at least 2 in production (two zones)")
        return self


def load(environment: str) -> Settings:
    """Read the settings of an environment, given by its name below `environments/` or by a path to a TOML file.

    Raises:
        SettingsError: in one sentence that names the file, the field, its value and what was expected.
    """
    path = Path(environment) if environment.endswith(".toml") else ENVIRONMENTS / f"{environment}.toml"
    shown = os.path.relpath(path)
    try:
        return Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        known = ", ".join(sorted(each.stem for each in ENVIRONMENTS.glob("*.toml")))
        raise SettingsError(f"{shown}: {error.strerror}; set ATOLL_ENVIRONMENT to a path or one of: {known}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{shown}: not TOML: {error}") from error
    except ValidationError as error:
        raise SettingsError(f"{shown}: {sentence(error)}") from error


def settings_or_exit(environ: Mapping[str, str]) -> Settings:
    """Load the environment that `ATOLL_ENVIRONMENT` names (default: local), or end with one sentence and status 1."""
    try:
        return load(environ.get("ATOLL_ENVIRONMENT", "local"))
    except SettingsError as error:
        raise SystemExit(f"atoll: {error}") from error
