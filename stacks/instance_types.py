"""Which SageMaker instance types an endpoint can have: x86, and without local disks."""

import re

_SHAPE = re.compile(r"^ml\.(?P<family>[a-z]+)(?P<generation>[0-9]+)(?P<attributes>[a-z-]*)\.[a-z0-9]+$")
_WITH_LOCAL_DISKS = frozenset({"g4dn", "g5", "g6", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "trn1", "trn1n", "trn2"})


def check_endpoint_instance(name: str) -> None:
    """Accept an instance type that can serve our images under our key.

    Families with NVMe disks refuse an endpoint configuration with a key (sagemaker-python-sdk 3677); our images are
    built for x86_64.

    Raises:
        ValueError: in one sentence: the type, why not, and what to take.
    """
    shape = _SHAPE.match(name)
    if not shape:
        raise ValueError(f"'{name}' is no instance type of SageMaker's; take one such as ml.m5.large")
    family = f"{shape['family']}{shape['generation']}{shape['attributes']}"
    if "d" in shape["attributes"] or family in _WITH_LOCAL_DISKS:
        raise ValueError(f"'{name}' has local disks, and SageMaker refuses our volume key with them; take ml.m5")
    if "g" in shape["attributes"]:
        raise ValueError(f"'{name}' has Arm processors, and our images are for x86; take ml.m5")
