"""Runtime glue: small translators, event in, decision, action out.

Never imports `aws_cdk`, `stacks` or `model_code`.
"""
