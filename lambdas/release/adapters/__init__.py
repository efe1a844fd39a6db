"""The ports over AWS and MLflow: the only place in the release path that knows boto3 or mlflow."""
