"""Operators' commands over releases: `python -m releases --help`.

They run with the caller's own AWS credentials, so IAM decides who may do what. This room may import
`lambdas.release.records`; it knows neither the CDK nor MLflow.
"""
