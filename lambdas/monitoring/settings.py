"""The environment of the monitor."""

from lambdas.release.settings import Environment, Text


class Settings(Environment):
    """What the monitor is told by its stack."""

    data_bucket: Text
    release_bucket: Text
    audit_bucket: Text
    topic_arn: Text
