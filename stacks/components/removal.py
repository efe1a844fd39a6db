"""What becomes of things that hold state when their stack goes, or never comes to be."""

import aws_cdk as cdk

KEPT = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
"""Kept when the stack is deleted or no longer names the thing; taken back when the stack's creation fails, as it holds
nothing yet: CloudFormation's `RetainExceptOnCreate`
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html)."""
