"""Which address range a network may have."""

import ipaddress

_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")))
_WIDEST, _NARROWEST = 16, 24


def check_private_range(cidr: str) -> None:
    """Accept a range that AWS lets a VPC have and that is nobody's on the internet.

    Raises:
        ValueError: it is no IPv4 range, not a private one, or not between /16 and /24.
    """
    wanted = f"cidr {cidr!r} must be a private range between /16 and /24, such as 10.20.0.0/16"
    try:
        network = ipaddress.IPv4Network(cidr)
    except ValueError as error:
        raise ValueError(f"{wanted}: {error}") from error
    if not any(map(network.subnet_of, _PRIVATE)) or not _WIDEST <= network.prefixlen <= _NARROWEST:
        raise ValueError(wanted)
