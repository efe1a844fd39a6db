import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from stacks.settings import ENVIRONMENTS, Settings, load, settings_or_exit
from stacks.settings_errors import SettingsError, sentence

Values = dict[str, Any]
NAMES = sorted(path.stem for path in ENVIRONMENTS.glob("*.toml"))


def values(name: str = "local") -> Values:
    return tomllib.loads((ENVIRONMENTS / f"{name}.toml").read_text(encoding="utf-8"))


def complaint(given_values: Values) -> str:
    with pytest.raises(ValidationError) as raised:
        Settings.model_validate(given_values)
    said = sentence(raised.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_environment_loads(name: str) -> None:
    assert load(name).deployment.name == name


def test_the_four_environments_cover_both_gov_regions_and_the_commercial_one() -> None:
    assert {load(name).deployment.region for name in NAMES} == {"us-east-1", "us-gov-west-1", "us-gov-east-1"}


@pytest.mark.parametrize(
    ("section", "field", "value", "expected"),
    [
        ("deployment", "account", "12", "deployment.account = '12'"),
        ("deployment", "region", "us-west-2", "deployment.region = 'us-west-2'"),
        ("deployment", "name", "No Name", "deployment.name = 'No Name'"),
        ("deployment", "production", "perhaps", "deployment.production = 'perhaps'"),
        ("identity", "role_path", "atoll", "identity.role_path = 'atoll'"),
        ("identity", "permissions_boundary", "a b", "identity.permissions_boundary = 'a b'"),
        ("identity", "role_name_prefix", "x" * 21, "identity.role_name_prefix"),
        ("identity", "identity_providers", [], "identity.identity_providers"),
        ("identity", "identity_providers", ["anyone"], "identity.identity_providers.0 = 'anyone'"),
        ("network", "cidr", "8.8.8.0/24", "cidr '8.8.8.0/24' must be a private range"),
        ("network", "cidr", "10.0.0.0/8", "cidr '10.0.0.0/8' must be a private range"),
        ("network", "cidr", "127.0.0.0/16", "cidr '127.0.0.0/16' must be a private range"),
        ("network", "cidr", "10.0.0.0/99", "cidr '10.0.0.0/99' must be a private range"),
        ("network", "availability_zones", ["us-east-1a", "us-east-1a"], "must be different zones"),
        ("network", "availability_zones", ["us-east-1a"], "network.availability_zones"),
        ("network", "availability_zones", ["eu-west-1a", "us-east-1b"], "must be zones of us-east-1"),
        ("tracking", "port", 0, "tracking.port = '0'"),
        ("tracking", "domain", "", "tracking.domain = ''"),
        ("tracking", "certificate_id", "x", "tracking.certificate_id = 'x'"),
        ("tracking", "database", "mysql", "tracking.database = 'mysql'"),
        ("images", "digests", "latest", "images.digests = 'latest'"),
        ("images", "digests", "pinned", "model, serving and mlflow must all be given"),
        ("images", "model", "sha256:0", "images.model = 'sha256:0'"),
        ("images", "model", "sha256:" + "0" * 64, 'go with digests = "pinned"'),
    ],
)
def test_a_wrong_value_is_named_with_its_field(section: str, field: str, value: object, expected: str) -> None:
    wrong = values()
    wrong[section][field] = value
    assert expected in complaint(wrong)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("target", "eks", "models.card-anomaly.target = 'eks'"),
        ("target", "fargate", "not built yet"),
        ("instance_type", "m5.large", "models.card-anomaly.instance_type = 'm5.large'"),
        ("instance_type", "ml.m5d.large", "models.card-anomaly.instance_type: 'ml.m5d.large' has local disks"),
        ("instance_type", "ml.m6g.large", "models.card-anomaly.instance_type: 'ml.m6g.large' has Arm processors"),
        ("minimum_instances", 0, "models.card-anomaly.minimum_instances = '0'"),
        ("maximum_instances", 51, "models.card-anomaly.maximum_instances = '51'"),
        ("minimum_instances", 3, "maximum_instances 2 is below minimum_instances 3"),
        ("invocations_per_instance", 0, "models.card-anomaly.invocations_per_instance = '0'"),
        ("latency_alarm_ms", 0, "models.card-anomaly.latency_alarm_ms = '0'"),
        ("max_model_bytes", 10, "models.card-anomaly.max_model_bytes = '10'"),
        ("minimum_average_precision", 1.5, "models.card-anomaly.minimum_average_precision = '1.5'"),
        ("maximum_regression", -0.1, "models.card-anomaly.maximum_regression = '-0.1'"),
    ],
)
def test_a_wrong_value_of_a_model_is_named(field: str, value: object, expected: str) -> None:
    wrong = values()
    wrong["models"]["card-anomaly"][field] = value
    assert expected in complaint(wrong)


def test_a_misspelt_setting_is_refused() -> None:
    wrong = values()
    wrong["tracking"]["prot"] = 443
    assert complaint(wrong) == "tracking.prot is not a setting; remove it or mend its spelling"


def test_a_missing_setting_is_named() -> None:
    wrong = values()
    del wrong["tracking"]["domain"]
    assert complaint(wrong) == "tracking.domain is missing; add it"


def test_more_than_one_mistake_is_counted() -> None:
    wrong = values()
    del wrong["tracking"]["domain"]
    wrong["tracking"]["port"] = 0
    assert "(1 more after this one)" in complaint(wrong)


def test_a_role_whose_name_ends_in_root_is_not_the_root() -> None:
    right = values("govcloud-west")
    right["identity"]["identity_providers"] = ["role/team-root"]
    assert Settings.model_validate(right).identity.identity_providers == ("role/team-root",)


def test_four_providers_may_name_people_by_their_source_identity_and_no_fifth() -> None:
    named = values("govcloud-west")
    named["identity"] |= {"source_identity": True, "identity_providers": [f"role/{number}" for number in range(4)]}
    assert Settings.model_validate(named).identity.source_identity
    named["identity"]["identity_providers"].append("role/4")
    assert "identity_providers has 5 principals, expected at most 4" in complaint(named)


def test_a_folder_in_place_of_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(SettingsError, match="Is a directory; set ATOLL_ENVIRONMENT"):
        load(str(tmp_path / "folder.toml"))


def test_sagemaker_in_gov_east_names_the_fargate_target() -> None:
    wrong = values("govcloud-east")
    wrong["models"] = values("govcloud-west")["models"]
    said = complaint(wrong)
    assert "us-gov-east-1" in said
    assert '"fargate"' in said


def test_production_without_digests_says_that_the_first_deployment_has_two_steps() -> None:
    wrong = values("govcloud-west")
    del wrong["images"]["model"]
    assert "two steps" in complaint(wrong)


@pytest.mark.parametrize(
    ("section", "field", "value", "expected"),
    [
        ("tracking", "database", "sqlite", 'production needs "postgresql"'),
        ("identity", "identity_providers", ["root"], "name a role"),
        ("identity", "identity_providers", ["111122223333:root"], "name a role"),
    ],
)
def test_production_is_strict(section: str, field: str, value: object, expected: str) -> None:
    wrong = values("govcloud-west")
    wrong[section][field] = value
    assert expected in complaint(wrong)


def test_production_wants_two_instances_and_pinned_images() -> None:
    few = values("govcloud-west")
    few["models"]["card-anomaly"]["minimum_instances"] = 1
    assert "at least 2 in production" in complaint(few)
    unpinned = values("govcloud-west")
    unpinned["images"] = {"digests": "code"}
    assert "is for a laptop" in complaint(unpinned)


@given(port=st.integers())
def test_any_port_of_tcp_is_taken_and_no_other(port: int) -> None:
    changed = values()
    changed["tracking"]["port"] = port
    if 1 <= port <= 65535:
        assert Settings.model_validate(changed).tracking.port == port
    else:
        assert "tracking.port" in complaint(changed)


@given(share=st.floats(allow_nan=True))
def test_the_gate_is_a_share(share: float) -> None:
    changed = values()
    changed["models"]["card-anomaly"]["minimum_average_precision"] = share
    if 0 <= share <= 1:
        assert Settings.model_validate(changed).models["card-anomaly"].minimum_average_precision == share
    else:
        assert "minimum_average_precision" in complaint(changed)


def test_a_file_that_is_not_there_is_said_with_the_known_names() -> None:
    with pytest.raises(SystemExit, match=r"atoll: environments/nowhere\.toml: No such file.*govcloud-west"):
        settings_or_exit({"ATOLL_ENVIRONMENT": "nowhere"})


def test_a_file_that_is_not_toml_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[deployment\n")
    with pytest.raises(SettingsError, match="not TOML"):
        load(str(path))


def test_a_wrong_file_ends_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[deployment]\n")
    with pytest.raises(SystemExit, match=r"atoll: .*x\.toml: deployment.name is missing; add it") as raised:
        settings_or_exit({"ATOLL_ENVIRONMENT": str(path)})
    assert "\n" not in str(raised.value)


def test_the_environment_is_local_unless_named() -> None:
    assert settings_or_exit({}).deployment.name == "local"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        setattr(load("local").deployment, "account", "111122223333")  # noqa: B010 - the checker forbids the statement


@pytest.mark.parametrize(
    ("profile", "searchable", "archive"), [("m-26-14", 180, 180 + 365), ("m-21-31", 365, 365 + 548), ("custom", 30, 60)]
)
def test_a_log_profile_sets_both_retentions(profile: str, searchable: int, archive: int) -> None:
    changed = values()
    changed["logs"] = {"profile": profile, "custom_searchable_days": 30, "custom_archive_days": 60}
    logs = Settings.model_validate(changed).logs
    assert (logs.searchable_days, logs.archive_days) == (searchable, archive)


def test_the_usual_port_is_not_in_the_address() -> None:
    assert load("local").tracking.url == "https://localhost"
    changed = values()
    changed["tracking"]["port"] = 8443
    assert Settings.model_validate(changed).tracking.url == "https://localhost:8443"


def test_every_setting_is_documented() -> None:
    def sections(model: type[BaseModel]) -> list[type[BaseModel]]:
        inner = [field.annotation for field in model.model_fields.values() if isinstance(field.annotation, type)]
        return [model, *(each for kind in inner if issubclass(kind, BaseModel) for each in sections(kind))]

    for section in sections(Settings):
        assert section.__doc__
        for name, field in section.model_fields.items():
            is_section = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            assert is_section or field.description, f"{section.__name__}.{name}"


def test_the_port_stands_on_a_line_of_its_own_for_the_local_cloud() -> None:
    assert "\nport = 443\n" in (ENVIRONMENTS / "local.toml").read_text()


@pytest.mark.parametrize(
    ("name", "etl", "expected"),
    [
        ("govcloud-west", {"engine": "spark"}, 'etl.engine "spark" needs etl.image'),
        ("local", {"image": f"sha256:{'5' * 64}"}, 'image goes with engine = "spark", and engine is "duckdb"'),
        ("local", {"engine": "pandas"}, "etl.engine = 'pandas'"),
        ("local", {"engine": "spark", "image": "latest"}, "etl.image = 'latest'"),
    ],
)
def test_etl_runs_on_an_engine_that_its_image_has(name: str, etl: Values, expected: str) -> None:
    assert expected in complaint(values(name) | {"etl": etl})


def test_the_laptops_own_spark_needs_no_image() -> None:
    assert Settings.model_validate(values() | {"etl": {"engine": "spark"}}).etl.engine == "spark"
