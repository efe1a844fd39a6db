"""The reasons for which findings stand. Each is accepted on single resources, never on a stack."""

from datetime import date

from compliance.findings import Acceptance

_OWNER = "platform team"
_REVIEW = date(2027, 11, 1)

NO_REPLICATION = Acceptance(
    reason="A deployment lives in one region; a copy in another needs a second deployment, for the agency to plan.",
    control="CP-9",
    compensating="Versioning, Object Lock on releases and audit records, and S3's own copies in several zones.",
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
    reason="The service gives these actions no resource type, or one whose name is not known before.",
    control="AC-6",
    compensating="The actions are listed one by one; they only describe or trace, or condition keys bind them.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NAMED_AT_RUN_TIME = Acceptance(
    reason="Jobs, change sets, network interfaces and log streams are named at run time; the type is named.",
    control="AC-6",
    compensating="Account, region and type are fixed, the prefix where names are ours; conditions bind the rest.",
    owner=_OWNER,
    review_by=_REVIEW,
)
NO_AUTOMATIC_ROTATION = Acceptance(
    reason="The cookie key and the first administrator's password are read at start; the database has no such secret.",
    control="IA-5(1)",
    compensating="Secrets are random, under our own key, readable by the task and the functions that use MLflow.",
    owner=_OWNER,
    review_by=_REVIEW,
)
PLAIN_CONFIGURATION = Acceptance(
    reason="These environment variables hold addresses, paths and switches of MLflow; none of them is a secret value.",
    control="CM-6",
    compensating="Secrets come from Secrets Manager by reference; the claim no_secret_is_in_plain_sight holds.",
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
    reason="All functions share one Python, which the bundle's compiled wheels decide; they lag behind the newest.",
    control="SI-2",
    compensating="The runtime is a supported one, and the locked requirements name the version that it is tested with.",
    owner=_OWNER,
    review_by=_REVIEW,
)
REPEATED_REFERENCE = Acceptance(
    reason="The CDK writes a dependency that a reference implies already, or an output whose value is an import.",
    control="CM-2",
    compensating="Order and value are the same without the repetition; the deployments of the rehearsal rest on them.",
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
WHOEVER_LOGS = Acceptance(
    reason="Log groups are written in many callers' names, and for which of them Logs asks for the key is "
    "undocumented.",
    control="SC-12",
    compensating="The statement holds for callers of this account through CloudWatch Logs alone; IAM says who may log.",
    owner=_OWNER,
    review_by=_REVIEW,
)
