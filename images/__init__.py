"""The workshop of the container images: builds them, proves what they hold, pushes them. It is no part of the product.

`python -m images test` (`make image-test`) builds every image twice from stand-in bases and runs them hardened;
`python -m images publish <environment>` (`make images`) builds, signs, pushes to ECR, waits for the scan and writes the
digests into the environment's file. Both need Linux and podman, no daemon, and no network while building.
"""
