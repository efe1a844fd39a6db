"""A local AWS on loopback (ministack and a SageMaker backed by real processes) and the story that runs on it. Never part of the product."""
