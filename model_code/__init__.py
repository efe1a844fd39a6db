"""A data scientist's room: plain functions on tables, and no AWS.

`container/` is the thin shell that knows SageMaker's contract.
"""
