"""`python -m images test | publish ENVIRONMENT`; the Makefile's `image-test` and `images`."""

import argparse
import signal
import sys

from botocore.exceptions import BotoCoreError, ClientError

from images.commands import ImageError
from images.publish import main as publish
from images.rehearse import main as rehearse
from stacks.settings_errors import SettingsError

parser = argparse.ArgumentParser(prog="python -m images", description="The workshop of the container images.")
commands = parser.add_subparsers(dest="command", required=True)
commands.add_parser("test", help="build every image from stand-in bases and run it confined (root on Debian 12)")
publishing = commands.add_parser(
    "publish",
    help="build, sign, push to ECR, wait for its scan, write the digests down",
    description="Set BASE_IMAGE and COMPILER_IMAGE (<registry>/<repository>@sha256:...) and SIGNING_KEY (a GnuPG "
    "fingerprint), and have AWS credentials that may push to the environment's repositories.",
)
publishing.add_argument("environment", help="a name below environments/, or a .toml file")
given = parser.parse_args()
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that containers and storage are removed
try:
    if given.command == "test":
        rehearse()
    else:
        publish(given.environment)
except (ImageError, SettingsError) as error:
    sys.exit(str(error))
except (BotoCoreError, ClientError) as error:
    sys.exit(f"ECR was asked and said: {error}. No digest was written. Are your credentials this environment's?")
