"""Events become records; what is none of ours ends as a clear error in the dead-letter queue."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambdas.release import events
from lambdas.release.events import ChangeSetExecuted, EventError, StackStatusChanged, TrainingJobEnded, parse
from lambdas.release.handlers.change_set_deleted import change_set_deleted
from lambdas.release.handlers.change_set_executed import change_set_executed
from lambdas.release.records import Execution
from lambdas.release.settings import Environment, Settings, SettingsError
from tests.fakes.release import FakeWorld
from tests.unit.lambdas.stories import job_event, stack_event, trail_event


def test_a_jobs_end_is_read() -> None:
    ended = parse(TrainingJobEnded, job_event("j", "Failed"))
    assert (ended.job_name, ended.status) == ("j", "Failed")


def test_a_stacks_event_names_its_model() -> None:
    assert parse(StackStatusChanged, stack_event()).model == "card-anomaly"


@pytest.mark.parametrize(
    ("who", "person"),
    [
        ("arn:x:sts::1:assumed-role/Approver/bob", "bob"),
        ("arn:x:iam::1:user/path/carol", "carol"),
        ("arn:x:iam::1:root", "root"),
    ],
)
@pytest.mark.parametrize("name", ["r-by-ann-1", "arn:x:cloudformation:r:1:changeSet/r-by-ann-1/u-u-i-d"])
def test_an_execution_names_the_change_set_and_the_person(who: str, person: str, name: str) -> None:
    execution = parse(ChangeSetExecuted, trail_event(name, who)).execution()
    assert (execution.change_set, execution.who, execution.denied) == ("r-by-ann-1", person, "")


def test_a_denied_execution_carries_its_error() -> None:
    assert parse(ChangeSetExecuted, trail_event("x", errorCode="AccessDenied")).execution().denied == "AccessDenied"


@pytest.mark.parametrize(
    ("kind", "event"),
    [
        (TrainingJobEnded, job_event(status="InProgress")),
        (TrainingJobEnded, stack_event()),
        (TrainingJobEnded, {}),
        (StackStatusChanged, stack_event(stack="Somebody-Elses")),
        (StackStatusChanged, job_event()),
        (ChangeSetExecuted, trail_event("x", eventName="DeleteStack")),
        (ChangeSetExecuted, trail_event("")),
    ],
)
def test_an_event_of_another_shape_says_what_is_wrong(kind: type[events.Event], event: dict[str, object]) -> None:
    with pytest.raises(EventError, match=f"is no {kind.__name__}: .+ Compare the rule's pattern"):
        parse(kind, event)


@given(
    st.dictionaries(st.sampled_from(["detail", "time", "source", "id"]), st.none() | st.text() | st.lists(st.text()))
)
def test_no_event_breaks_the_parser(event: dict[str, object]) -> None:
    with pytest.raises(EventError):
        parse(TrainingJobEnded, event)


WHOLE = {
    "ATOLL_MODELS": "a,b",
    "ATOLL_DATA_BUCKET": "d",
    "ATOLL_RELEASE_BUCKET": "r",
    "ATOLL_AUDIT_BUCKET": "a",
    "ATOLL_TOPIC_ARN": "t",
    "ATOLL_TRACKING_SECRET_ARN": "s",
    "ATOLL_ENDPOINT_SERVICE_ROLE_ARN": "e",
    "ATOLL_SIGNING_KEY_ARN": "k",
    "ATOLL_APPROVER_ROLE_ARN": "p",
    "ATOLL_DEPLOYER_ROLE_ARN": "p",
    "ATOLL_ASKER_ROLE_ARN": "p",
    "ATOLL_TRAINER_ROLE_ARN": "p",
    "ATOLL_MINIMUM_AVERAGE_PRECISION": "0.4",
    "ATOLL_MAXIMUM_REGRESSION": "0.05",
    "ATOLL_SLICE_FIELDS": "agency,amount",
    "ATOLL_SLICE_MINIMUM_ANOMALIES": "20",
    "ATOLL_MAXIMUM_SLICE_REGRESSION": "0.1",
    "PATH": "/bin",
}


def test_the_environment_is_parsed_once_and_typed() -> None:
    settings = Settings.parse(WHOLE)
    assert settings.models == ("a", "b")
    assert settings.slice_fields == ("agency", "amount")
    assert Settings.parse(WHOLE | {"ATOLL_SLICE_FIELDS": ""}).slice_fields == ()
    assert settings.minimum_average_precision == 0.4


@pytest.mark.parametrize("name", sorted(set(WHOLE) - {"PATH"}))
def test_a_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        Settings.parse({n: v for n, v in WHOLE.items() if n != name})


def test_wrong_variables_are_all_named_with_their_values() -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.parse(WHOLE | {"ATOLL_MAXIMUM_REGRESSION": "2", "ATOLL_TOPIC_ARN": ""})
    assert "ATOLL_MAXIMUM_REGRESSION is '2'" in str(caught.value)
    assert "ATOLL_TOPIC_ARN is ''" in str(caught.value)
    assert issubclass(Settings, Environment)


NULL = {"requestParameters": None, "errorCode": "AccessDenied"}


def told(**detail: object) -> dict[str, object]:
    """An event of the trail with other words in it."""
    event = trail_event("x")
    call = event["detail"]
    assert isinstance(call, dict)
    return event | {"detail": call | detail}


TOLD = "User: arn:x:sts::1:assumed-role/Trainer/mallory is not authorized to perform: cloudformation:ExecuteChangeSet "


@pytest.mark.parametrize(
    ("handler", "what"), [(change_set_executed, "execution_denied"), (change_set_deleted, "rejection_denied")]
)
@pytest.mark.parametrize(
    ("message", "model", "subject"),
    [
        (f"{TOLD}on resource: arn:x:cloudformation:r:1:stack/Atoll-Endpoint-card-anomaly/1", "card-anomaly", None),
        (f"{TOLD}on resource: arn:x:cloudformation:r:1:stack/another-teams/1", None, None),
        (f"{TOLD}because no identity-based policy allows it", "all-models", "unnamed"),
        (None, "all-models", "unnamed"),
    ],
)
def test_a_denied_call_whose_parameters_are_null_is_recorded_unless_it_is_of_another_stack(
    handler: Callable[[Execution, FakeWorld], str],
    what: str,
    message: str | None,
    model: str | None,
    subject: str | None,
) -> None:
    world = FakeWorld()
    detail = {**NULL, "errorMessage": message, "userIdentity": {"arn": "arn:x:sts::1:assumed-role/Trainer/mallory"}}
    call = parse(events.ChangeSetCalled, told(**detail)).execution()
    outcome = handler(call, world)
    entries = list(world.audit.entries.values())
    if model is None:
        assert (outcome, entries) == ("no stack of ours", [])
        return
    (entry,) = entries
    assert (entry.model, entry.what, entry.who) == (model, what, "mallory")
    assert entry.subject == (subject or "Atoll-Endpoint-card-anomaly")
    assert entry.details == {"error": "AccessDenied", "message": message or ""}


@pytest.mark.parametrize("identity", [{"type": "AWSService", "invokedBy": "x.amazonaws.com"}, None])
def test_a_denied_call_of_nobody_who_has_an_arn_is_recorded(identity: dict[str, str] | None) -> None:
    world = FakeWorld()
    detail = {**NULL, "userIdentity": identity}
    change_set_executed(parse(events.ChangeSetCalled, told(**detail)).execution(), world)
    assert [entry.who for entry in world.audit.entries.values()] == ["nobody known"]


def test_a_call_that_succeeded_and_names_nothing_is_an_error() -> None:
    with pytest.raises(EventError, match="names its change set"):
        parse(ChangeSetExecuted, told(requestParameters=None))
