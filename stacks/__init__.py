"""What is deployed. Flat stacks that read like the diagram's legend; `platform.py` is the only place where they meet.

May import `aws_cdk` and `compliance.findings`; never `lambdas`, `model_code` or `local` (their code is packaged).
"""

import os

# jsii, below the CDK, refuses its cache in ~/.cache where the group may write there: with the umask 002 that Debian,
# Ubuntu and Red Hat give ordinary users, that's everybody. Below a sticky folder it makes one with mode 0700.
STICKY = "/var/tmp"  # noqa: S108 - the cache's owner and mode are checked by jsii, which refuses another's
os.environ.setdefault("JSII_RUNTIME_PACKAGE_CACHE_ROOT", f"{STICKY}/jsii-of-{os.getuid()}")
