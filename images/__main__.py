"""`python -m images <test|publish ENVIRONMENT>`; the Makefile's `image-test` and `images`."""

import signal
import sys

from images.commands import ImageError
from images.publish import main as publish
from images.rehearse import main as rehearse
from stacks.settings_errors import SettingsError

USAGE = "python -m images test | python -m images publish <environment's name, or a .toml file>"
signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))  # so that containers and storage are removed
try:
    match sys.argv[1:]:
        case ["test"]:
            rehearse()
        case ["publish", environment]:
            publish(environment)
        case _:
            sys.exit(USAGE)
except (ImageError, SettingsError) as error:
    sys.exit(str(error))
