"""The functions' code beside the templates: what the CDK CLI zips, with the modes that Lambda needs."""

from pathlib import Path


def let_functions_read(assembly: Path) -> None:
    """Let everybody read the files of the assembly's assets, whatever umask this machine has.

    Modes stand in the zip, and a function runs as another user than their owner: what was made or cloned under a
    umask of 077 Lambda can't read ("permission denied" in
    https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html).
    """
    for asset in assembly.glob("asset.*"):
        for path in (asset, *asset.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
