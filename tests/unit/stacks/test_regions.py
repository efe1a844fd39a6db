from stacks.regions import PROFILES, service_principal


def test_only_gov_east_lacks_sagemaker_endpoints() -> None:
    lacking = {name for name, profile in PROFILES.items() if not profile.has_sagemaker_endpoints}
    assert lacking == {"us-gov-east-1"}


def test_every_region_demands_fips_ciphers() -> None:
    assert all("FIPS" in profile.load_balancer_tls_policy for profile in PROFILES.values())


def test_service_principals_end_alike_in_all_partitions() -> None:
    assert service_principal("sagemaker") == "sagemaker.amazonaws.com"
