"""A local AWS on loopback and the story that runs on it. Never part of the product.

The local AWS is ministack with typed extensions: a SageMaker and an MLflow of real processes, missing CloudFormation
types, events and IAM features.
"""
