"""Runtime glue: small translators, event in, decision, action out.

Never imports `aws_cdk`, `stacks` or `model_code`.
"""

import gc

gc.set_threshold(200_000)  # imports make 120,000 objects that stay; walking them at every 700th took 15 % of a start
