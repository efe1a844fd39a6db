"""A data scientist's room: plain functions on tables. No AWS in it; `container/` is the thin shell that knows SageMaker's contract."""
