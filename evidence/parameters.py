"""The values that a proof takes for parameters which the organization, or FedRAMP, sets.

A statement with a parameter is proven for this value and no other. Its official may set another: then the statement is
open again. A statement whose parameter has no value here isn't proven.
"""

from collections.abc import Mapping

TAKEN: Mapping[str, str] = {
    "ac-04_odp": "a group reaches another by a rule's one TCP port; endpoints let this account at its own alone",
    "ac-04.21_odp.01": "security groups",
    "ac-04.21_odp.03": "one group for each kind of work and each endpoint of AWS's",
    "au-09.04_odp": "the role with which CloudFormation deploys",
    "cm-05.01_odp": "IAM's policies over CloudFormation's change sets",
    "cm-07_odp.03": "every port that no rule names; among instances of one job, none of TCP",
    "cm-07_odp.04": "every protocol but TCP; among instances of one job, IPsec too",
    "cm-07_odp.06": "services and resources of AWS beyond the endpoints' policies",
    "sc-05_odp.03": "blocking an address with over 6,000 requests in five minutes, before the load balancer",
    "sc-07.05_odp.01": "every network that is made",
    "sc-08_odp": "confidentiality and integrity",
    "sc-08.01_odp": "prevent disclosure and detect changes",
    "sc-10_odp": "ten minutes without traffic, at load balancers",
    "sc-28.01_odp.01": "all information",
    "sc-28.01_odp.02": "buckets, logs, queues, topics, secrets, images, databases, trails, backups, endpoints' disks",
    "si-07_odp.03": "the trail's files",
}
