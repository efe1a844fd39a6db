"""What is deployed. Flat stacks that read like the diagram's legend; `platform.py` is the only place where they meet.

May import `aws_cdk` and `compliance.findings`; never `lambdas`, `model_code` or `local` (their code is packaged).
"""

import os

from stacks import jsii_cache

jsii_cache.choose(os.environ)
