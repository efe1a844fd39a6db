"""Whatever is wrong in a settings file ends in one sentence: the value, what was expected, what to do; no traceback."""

import re
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from stacks.instance_types import check_endpoint_instance
from stacks.settings import ENVIRONMENTS, Settings, settings_or_exit
from stacks.settings_errors import sentence

WEST, EAST, LOCAL = "govcloud-west", "govcloud-east", "local"
MODEL = 'target = "sagemaker"'
GATE = "minimum_average_precision = 0.2\nmaximum_regression = 0.1"
EXISTING = """existing = { vpc_id = "vpc-0123456789abcdef0", work_subnets = ["subnet-01234567", "subnet-01234568"], \
data_subnets = ["subnet-01234569", "subnet-0123456a"], jobs_group = "sg-01234567", functions_group = "sg-01234568", \
balancer_group = "sg-01234569", tasks_group = "sg-0123456a", database_group = "sg-0123456b" }"""
SINGLE_SIGN_ON = """single_sign_on = { issuer = "https://login.agency.example", client_id = "atoll", \
authorization_endpoint = "https://login.agency.example/auth", token_endpoint = "https://login.agency.example/token", \
user_info_endpoint = "https://login.agency.example/me", client_secret_name = "agency/atoll" }"""
CIDR = r"cidr = .*\ns3_prefix_list = .*"

CASES: list[tuple[str, str, str, tuple[str, ...]]] = [
    (LOCAL, r"production = false", 'production = "yes"', ("'yes'", "true or false, without quotes")),
    (LOCAL, r"production = false", "production = 1", ("'1'", "true or false")),
    (LOCAL, r"port = 443", 'port = "443"', ("'443'", "a whole number, without quotes")),
    (LOCAL, r"port = 443", "port = 65536", ("'65536'", "at most 65535")),
    (LOCAL, r"port = 443", "port = 0", ("'0'", "at least 1")),
    (LOCAL, r'account = "0+"', "account = 111122223333", ("'111122223333'", "in quotes")),
    (LOCAL, r'account = "0+"', 'account = "1111"', ("'1111'", "twelve digits")),
    (LOCAL, r'region = "us-east-1"', 'region = "us-west-9"', ("'us-west-9'", "'us-gov-west-1'")),
    (LOCAL, r'region = "us-east-1"', 'region = "us-gov-west-1"', ("us-east-1a", "must be zones of us-gov-west-1")),
    (WEST, r'region = "us-gov-west-1"', 'region = "us-east-1"', ("us-gov-west-1a", "must be zones of us-east-1")),
    (WEST, r'account = "1+2+3+"', 'account = "000000000000"', ("000000000000", "the local AWS", "a real account")),
    (WEST, r'(?<=\["us-gov-west-1a"), "us-gov-west-1b"', "", ("us-gov-west-1a", "at least 2 entries")),
    (WEST, r'"us-gov-west-1b"', '"us-gov-west-1a"', ("us-gov-west-1a", "must be different zones")),
    (EAST, r"\[logs\]", f"[models.a-model]\n{MODEL}\n{GATE}\n[logs]",
     ("us-gov-east-1", "no SageMaker endpoints", "deploy in us-gov-west-1")),
    (WEST, r"(?<=\[tracking\]\n)", f"{SINGLE_SIGN_ON}\n",
     ("single_sign_on", "no way to an identity provider", "remove it")),
    (WEST, r"(?<=\[tracking\]\n)", SINGLE_SIGN_ON.replace("https://login.agency.example/token", "http://x") + "\n",
     ("single_sign_on.token_endpoint = 'http://x'", "must match")),
    (WEST, r"(?<=\[tracking\]\n)", SINGLE_SIGN_ON.replace("{ ", "{ port = 443, ") + "\n",
     ("443", "machines' port", "8443")),
    (WEST, MODEL, 'target = "fargate"', ("fargate", "not built yet", "leave the model out")),
    (WEST, MODEL, f'{MODEL}\ninstance_type = "ml.m5d.large"', ("ml.m5d.large", "local disks", "ml.m5")),
    (WEST, MODEL, f'{MODEL}\ninstance_type = "ml.g4dn.xlarge"', ("ml.g4dn.xlarge", "local disks", "ml.m5")),
    (WEST, MODEL, f'{MODEL}\ninstance_type = "ml.m7g.large"', ("ml.m7g.large", "Arm", "ml.m5")),
    (WEST, MODEL, f'{MODEL}\ninstance_type = "m5.large"', ("m5.large", "must match", "change it")),
    (WEST, MODEL, f"{MODEL}\nminimum_instances = 1", ("minimum_instances", "at least 2 in production")),
    (WEST, MODEL, f"{MODEL}\nminimum_instances = 9", ("9", "maximum_instances 4 is below")),
    (WEST, MODEL, f'{MODEL}\nanswers = {{ out_of_distribution = "drop" }}', ("'drop'", "must be 'flag' or 'refuse'")),
    (WEST, MODEL, f"{MODEL}\nanswers = {{ score_decimals = 1 }}", ("answers.score_decimals = '1'", "at least 2")),
    (WEST, MODEL, f"{MODEL}\nanswers = {{ label_threshold = 2 }}", ("answers.label_threshold = '2'", "at most 1")),
    (WEST, MODEL, f"{MODEL}\nanswers = {{ score_decimals = 3, label_threshold = 0.5 }}",
     ("score_decimals 3 and label_threshold 0.5", "labels have no decimals", "remove one")),
    (WEST, MODEL, f"{MODEL}\nanswers = {{ metrics = true }}", ("answers.metrics is not a setting",)),
    (WEST, r'model = "sha256:0+"', 'model = "latest"', ("'latest'", "digest", "a tag can be moved")),
    (WEST, r'model = "sha256:0+"', 'model = "sha256:0"', ("'sha256:0'", "write the image's digest")),
    (WEST, r'digests = "pinned"', 'digests = "code"', ("code", 'digests = "pinned"')),
    (WEST, CIDR, "", ("cidr is missing", "[network.existing]")),
    (WEST, r"s3_prefix_list = .*", "", ("s3_prefix_list is missing",)),
    (WEST, r'cidr = ".*"', 'cidr = "8.8.8.0/24"', ("8.8.8.0/24", "private range", "such as 10.20.0.0/16")),
    (WEST, r'cidr = ".*"', rf'cidr = "10.0.0.0/16"\n{EXISTING}', ("cidr is for a new VPC", "remove one")),
    (WEST, CIDR, EXISTING.replace('work_subnets = ["subnet-01234567", "subnet-01234568"], ', ""),
     ("network.existing.work_subnets is missing", "add it")),
    (WEST, CIDR, EXISTING.replace('"subnet-01234569", ', ""), ("subnet-0123456a", "at least 2 entries")),
    (WEST, CIDR, EXISTING.replace('"subnet-01234569", ', '"subnet-01234569", "subnet-0123456c", '),
     ("existing.data_subnets has 3 subnets for 2 availability_zones", "one subnet a zone")),
    (WEST, CIDR, EXISTING.replace("sg-01234567", "default"), ("'default'", "^sg-")),
    (WEST, CIDR, f"{EXISTING}\nseveral_instances = true", ("Atoll adds none to yours", "leave several_instances out")),
    (WEST, CIDR, f'{EXISTING}\nendpoints = {{ s3 = "com.amazonaws.us-gov-west-1.s3" }}', ("network.endpoints.s3",)),
    (WEST, CIDR, r'\g<0>\nendpoints = { kms = "off" }', ("network.endpoints.kms is not an endpoint", "kms-fips")),
    (WEST, CIDR, r'\g<0>\nendpoints = { "ecs-fips" = "off" }',
     ("network.endpoints.ecs-fips", "functions call it", 'plain_hosts = ["ecs"]')),
    (WEST, CIDR, r'\g<0>\nendpoints = { logs = "off" }', ("network.endpoints.logs", "tasks call it", "Name another")),
    (WEST, CIDR, r'\g<0>\nplain_hosts = ["s3"]', ("plain_hosts names s3", "ecs, kms, sagemaker.api")),
    (WEST, CIDR, r'\g<0>\nfips = false\nplain_hosts = ["ecs"]', ("plain_hosts names ecs", "here are: none")),
    (WEST, CIDR, r'\g<0>\nendpoints = { "kms-fips" = "yes" }', ("'yes'", "must match")),
    (WEST, r"\[tracking\]", '[tracking]\ndatabase = "sqlite"', ("sqlite", 'production needs "postgresql"')),
    (WEST, r"identity_providers = \[.*\]", 'identity_providers = ["root"]', ("root", "name a role")),
    (WEST, r'profile = "m-21-31"', 'profile = "forever"', ("'forever'", "'m-26-14'")),
    (WEST, r'profile = "m-21-31"', "custom_searchable_days = 100", ("'100'", "180")),
    (WEST, r'profile = "m-21-31"', "custom_archive_days = 90", ("90", "must be more than custom_searchable_days 180")),
    (WEST, r"\[logs\]", "[lgos]", ("lgos is not a setting", "mend its spelling")),
    (WEST, r"\[tracking\]", "[tracking", ("not TOML",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "line", "wrong", "said"), CASES, ids=lambda value: str(value)[:40])
def test_wrong_input_ends_in_one_sentence(
    tmp_path: Path, name: str, line: str, wrong: str, said: tuple[str, ...]
) -> None:
    shipped = (ENVIRONMENTS / f"{name}.toml").read_text(encoding="utf-8")
    changed, places = re.subn(line, wrong, shipped, count=1)
    assert places == 1, f"{line} is not in {name}.toml"
    path = tmp_path / "agency.toml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(SystemExit) as raised:
        settings_or_exit({"ATOLL_ENVIRONMENT": str(path)})
    told = str(raised.value)
    assert told.startswith("atoll: ")
    assert "agency.toml: " in told
    assert "\n" not in told
    assert "pydantic" not in told
    assert [part for part in said if part not in told] == [], told


_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@example(section="network", value="\n")
@given(section=st.sampled_from(sorted(Settings.model_fields)), value=_ANYTHING)
def test_no_value_brings_anything_but_a_sentence(section: str, value: object) -> None:
    shipped: dict[str, Any] = tomllib.loads((ENVIRONMENTS / "local.toml").read_text(encoding="utf-8"))
    fields = sorted(shipped.get(section, {}))
    for broken in (value, *({**shipped[section], field: value} for field in fields)):
        told = ""
        try:
            Settings.model_validate({**shipped, section: broken})
        except ValidationError as error:
            told = sentence(error)
        assert "\n" not in told


@given(name=st.from_regex(r"ml\.[a-z]{1,4}[0-9]{1,2}[a-z]{0,4}\.[a-z0-9]{1,9}", fullmatch=True))
def test_an_accepted_instance_has_neither_local_disks_nor_arm(name: str) -> None:
    with suppress(ValueError):
        check_endpoint_instance(name)
        attributes = name.split(".")[1].lstrip("abcdefghijklmnopqrstuvwxyz").lstrip("0123456789")
        assert not set(attributes) & {"d", "g"}
