"""The reasons for which findings stand. Each is accepted on single resources, never on a stack."""

from datetime import date

from compliance.findings import Acceptance

_OWNER = "platform team"
_REVIEW = date(2027, 11, 1)

NO_REPLICATION = Acceptance(
    reason="The two GovCloud regions are reviewed as separate boundaries; copying the bucket would move data out of one.",
    control="CP-9",
    compensating="Versioning, Object Lock on releases and audit records, and S3's own copies in three zones of the region.",
    owner=_OWNER,
    review_by=_REVIEW,
)
LOG_DELIVERY_BUCKET = Acceptance(
    reason="S3 and load balancers deliver access logs only to SSE-S3 buckets, and a log bucket that logs itself grows.",
    control="AU-9",
    compensating="The bucket is encrypted by SSE-S3, private, TLS-only, versioned, and written by log delivery alone.",
    owner=_OWNER,
    review_by=_REVIEW,
)
OBJECTS_BELOW_A_PREFIX = Acceptance(
    reason="Objects are named at run time, so the permission must end in a wildcard below one prefix of one bucket.",
    control="AC-6",
    compensating="The bucket and the prefix are named, the actions are listed one by one, and writes have own prefixes.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NO_RESOURCE_LEVEL = Acceptance(
    reason="The service authorization reference gives these actions no resource type, so only a star can name them.",
    control="AC-6",
    compensating="The actions are listed one by one, read or describe only, or bound by condition keys in the statement.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NAMED_AT_RUN_TIME = Acceptance(
    reason="Jobs, change sets and log streams get their names at run time; the permission names their type and prefix.",
    control="AC-6",
    compensating="Account, region, resource type and name prefix are fixed, and condition keys bind what may be created.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NO_AUTOMATIC_ROTATION = Acceptance(
    reason="MLflow reads its credentials once at start; rotation without a restart of the tasks would stop the service.",
    control="IA-5(1)",
    compensating="Secrets are random, under our own key, readable by two roles; the runbook rotates and restarts yearly.",
    owner=_OWNER,
    review_by=_REVIEW,
)
PLAIN_CONFIGURATION = Acceptance(
    reason="These environment variables hold addresses, paths and switches of MLflow; none of them is a secret value.",
    control="CM-6",
    compensating="Every secret of the task comes from Secrets Manager by reference; a test looks for others.",
    owner=_OWNER,
    review_by=_REVIEW,
)
DEVELOPMENT_ONLY = Acceptance(
    reason="A development deployment is torn down and built again often, which protection and redundancy would prevent.",
    control="CP-10",
    compensating="Settings refuse this in production, where protection, two zones and the web firewall are switched on.",
    owner=_OWNER,
    review_by=_REVIEW,
)
BUNDLED_RUNTIME = Acceptance(
    reason="The compiled wheels of the bundle decide the Python runtime; the newest one lags behind their releases.",
    control="SI-2",
    compensating="The runtime is a supported one, and the locked requirements name the version that it is tested with.",
    owner=_OWNER,
    review_by=_REVIEW,
)
