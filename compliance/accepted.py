"""The reasons for which findings stand. Each is accepted on single resources, never on a stack."""

from datetime import date

from compliance.findings import Acceptance

_OWNER = "platform team"
_REVIEW = date(2027, 11, 1)

NO_REPLICATION = Acceptance(
    reason="The GovCloud regions are authorized as separate boundaries; a copy of the bucket would leave one.",
    control="CP-9",
    compensating="Versioning, Object Lock on releases and audit records, and S3's own copies in three zones.",
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
    reason="Objects are named at run time, so the permission ends in a wildcard below one prefix of one bucket.",
    control="AC-6",
    compensating="Bucket and prefix are named, actions are listed one by one, and writes have prefixes of their own.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NO_RESOURCE_LEVEL = Acceptance(
    reason="The service authorization reference gives these actions no resource type; only a star can name them.",
    control="AC-6",
    compensating="The actions are listed one by one; they only describe, or condition keys in the statement bind them.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NAMED_AT_RUN_TIME = Acceptance(
    reason="Jobs, change sets and log streams get their names at run time; the permission names type and prefix.",
    control="AC-6",
    compensating="Account, region, resource type and name prefix are fixed; condition keys bind what may be created.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NO_AUTOMATIC_ROTATION = Acceptance(
    reason="MLflow reads its credentials once at start; rotation without a restart would stop the service.",
    control="IA-5(1)",
    compensating="Secrets are random, under our own key, and readable by the task and the release functions alone.",
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
    reason="A development deployment is torn down and built again often, which protection would prevent.",
    control="CP-10",
    compensating="With production = true the protection and the web firewall are on, and no such finding is accepted.",
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
LITERAL_ZONES = Acceptance(
    reason="The zones are values of the settings; looking them up would need an account and make synth depend on it.",
    control="CM-2",
    compensating="Settings refuse zones of another region, and each deployment has a settings file of its own.",
    owner=_OWNER,
    review_by=_REVIEW,
)
