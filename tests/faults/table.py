"""Which tests show that a finding of the attackers' review (at commit 5b55bc2) no longer holds.

`make attacks` runs them, and the finding's probes here and on 5b55bc2. A finding that isn't here is open.
"""

from dataclasses import dataclass

_MLFLOW = "tests/contract/mlflow/test_ambiguity.py"
_RELEASE = "tests/faults/test_red_team.py"
_ATTACKS = "tests/faults/test_attacks.py"
_CLOUD = "tests/contract/release/test_cloud.py"
_RECORD = "tests/unit/lambdas/test_record.py"
_WATCHING = "tests/unit/lambdas/test_watching.py"
_SERVING = "tests/unit/model_code/serving"
_BATCHES = "tests/contract/release/test_monitoring_adapters.py"
_AUDIT = "tests/contract/release/test_audit.py"
_RECONCILING = "tests/unit/lambdas/test_reconciling.py"
_PEOPLE = "tests/infrastructure/test_people_policies.py"


@dataclass(frozen=True)
class Finding:
    """A finding: what is promised since, and the tests (`<file>::<function>`) that hold it where its real part runs."""

    id: str
    promise: str
    tests: tuple[str, ...]


FINDINGS = (
    Finding(
        "RT-01",
        "a DELETE is refused that is checked by its query and carried out by its body, on every writing route",
        (
            f"{_MLFLOW}::test_a_delete_whose_body_isnt_json_is_refused_by_name",
            f"{_MLFLOW}::test_no_writing_route_lets_a_user_without_a_grant_touch_anothers_things",
            f"{_MLFLOW}::test_each_writing_route_is_one_whose_parameters_are_known",
        ),
    ),
    Finding(
        "RT-02",
        "what MLflow says brings nothing into service and takes nothing out of it",
        (
            f"{_RELEASE}::test_a_forged_registry_brings_nothing_into_service",
            f"{_RELEASE}::test_a_deleted_registry_stops_nothing_and_is_written_anew",
            f"{_RECORD}::test_an_edited_registry_changes_nothing_rings_and_is_written_anew",
        ),
    ),
    Finding(
        "RT-03",
        "a name that contains a release id approves nothing, and nobody without an approver is crowned",
        (
            f"{_RELEASE}::test_a_name_that_contains_a_release_id_approves_nothing",
            f"{_RELEASE}::test_nobody_whom_the_trail_does_not_name_has_approved_anything",
        ),
    ),
    Finding(
        "RT-04",
        "the submitter is who started the job",
        (
            f"{_RELEASE}::test_the_submitter_is_who_started_the_job_whatever_the_registry_says",
            f"{_RELEASE}::test_who_executes_the_own_release_is_found_out_though_the_registry_names_another_submitter",
        ),
    ),
    Finding(
        "RT-05",
        "an execution on another stack approves nothing and is no entry, nor is one that only a redelivery tells of",
        (
            f"{_RELEASE}::test_an_execution_on_another_stack_approves_nothing_and_is_no_entry",
            f"{_RELEASE}::test_an_execution_that_was_sent_again_counts_only_where_the_trail_has_it_too",
        ),
    ),
    Finding(
        "RT-11",
        "the platform's way out has a name that nobody can take first, and is executed by its ARN",
        (
            f"{_CLOUD}::test_whoever_took_a_way_backs_name_first_is_not_executed",
            f"{_CLOUD}::test_what_lies_under_a_requests_name_is_replaced",
        ),
    ),
    Finding(
        "RT-06",
        "what another stack makes under the endpoint's name is never taken for ours, and refuses all callers",
        (
            f"{_RELEASE}::test_an_endpoint_of_another_stack_is_never_taken_for_ours",
            f"{_WATCHING}::test_every_container_is_compared_whole_while_the_stack_moves_and_when_it_rests",
            "tests/contract/release/test_endpoints.py::test_an_endpoint_tells_every_container_and_whose_it_is",
        ),
    ),
    Finding(
        "RT-07",
        "somebody looks while a stack moves, in every status",
        (
            f"{_RELEASE}::test_a_template_of_an_operator_is_cancelled_while_its_stack_moves",
            f"{_RELEASE}::test_a_stack_that_never_comes_to_rest_rings",
            f"{_WATCHING}::test_a_change_set_that_brings_another_template_is_cancelled_while_it_runs",
            "tests/unit/lambdas/test_statuses.py::test_every_documented_status_has_a_verdict_and_no_other",
        ),
    ),
    Finding(
        "RT-08",
        "a model is taken from its job's own archive, compressed, and from nowhere else",
        (f"{_ATTACKS}::test_an_attack_is_refused_with_its_reason_and_the_champion_stays",),
    ),
    Finding(
        "RT-09",
        "a crafted model never reaches XGBoost, and the champion is scored apart",
        (
            f"{_SERVING}/test_model_file.py::test_a_crafted_model_never_reaches_xgboost",
            "tests/unit/model_code/training/test_apart.py::test_a_crafted_model_isnt_even_given_to_the_process",
        ),
    ),
    Finding("RT-10", "a request names a run once", (f"{_MLFLOW}::test_a_run_that_is_named_twice_is_refused_by_name",)),
    Finding(
        "RT-12",
        "who creates the registered model first gains nothing by it",
        (f"{_RELEASE}::test_who_creates_the_registered_model_first_gains_nothing",),
    ),
    Finding(
        "RT-13",
        "a forest that isn't what the model gives never serves",
        (f"{_SERVING}/test_objectives.py::test_a_forest_changed_where_no_golden_row_shows_it_never_serves",),
    ),
    Finding(
        "RT-14",
        "a session is called as its person is, and only the approver's role approves",
        (
            "tests/infrastructure/test_trust_policies.py::test_a_session_is_called_as_the_person_is",
            "tests/unit/lambdas/test_approvals.py::test_anybody_else_and_every_other_role_violates",
        ),
    ),
    Finding(
        "RT-15",
        "a job whose tags differ in case alone is refused",
        ("tests/unit/lambdas/test_provenance.py::test_a_job_that_broke_a_rule_is_named_with_it",),
    ),
    Finding(
        "RT-16",
        "reasons have a price and end with their caller",
        (
            f"{_SERVING}/test_app.py::test_reasons_have_a_price_in_rows_and_leaves",
            f"{_SERVING}/test_app.py::test_reasons_end_when_their_caller_has_left",
        ),
    ),
    Finding(
        "RT-17", "trailers count as a head does", (f"{_SERVING}/test_protocol.py::test_trailers_count_as_a_head_does",)
    ),
    Finding(
        "RT-18",
        "no name in the data writes the approver's line",
        (
            "tests/unit/lambdas/test_briefing.py::test_no_name_in_the_data_writes_the_line_that_an_approver_reads",
            "tests/unit/releases/test_commands.py::test_who_approves_sees_the_four_parameters_of_the_change_set_itself",
        ),
    ),
    Finding(
        "RT-19",
        "nobody starts a batch transform, and a scoring with variables of its own is not measured",
        (
            f"{_PEOPLE}::test_an_unsafe_job_cannot_start",
            f"{_PEOPLE}::test_nobody_starts_a_batch_transform_even_of_our_own_models",
            f"{_BATCHES}::test_a_scoring_may_be_told_which_model_it_must_be_and_nothing_else",
        ),
    ),
    Finding(
        "RT-20",
        "the functions survive any answer and any figure",
        ("tests/unit/lambdas/test_training_completed.py::test_whatever_was_measured_the_function_survives_it",),
    ),
    Finding(
        "RT-21",
        "a body in tiny chunks costs no more than its size",
        (f"{_SERVING}/test_protocol.py::test_a_body_in_tiny_chunks_costs_no_more_memory_than_its_size",),
    ),
    Finding(
        "RT-22",
        "a length of thousands of digits is refused",
        (f"{_SERVING}/test_protocol.py::test_a_length_of_thousands_of_digits_is_refused",),
    ),
    Finding(
        "RT-23",
        "a tail that was cut off is seen by a head kept elsewhere, and no two entries are one",
        (
            "tests/unit/compliance/test_audit.py::test_a_tail_cut_off_for_good_is_seen_by_a_head_that_was_kept",
            f"{_RECONCILING}::test_the_heads_of_the_chain_are_told_once_a_day_outside_of_the_bucket",
            f"{_AUDIT}::test_two_people_who_do_the_same_within_a_second_leave_two_entries",
        ),
    ),
    Finding(
        "RT-24",
        "the trail has every access to what decides a release or is its evidence",
        ("tests/infrastructure/test_mutations.py::test_a_broken_template_breaks_its_claim",),
    ),
    Finding(
        "RT-25",
        "what reads trainers' files holds no secret",
        ("tests/infrastructure/test_mutations.py::test_a_broken_template_breaks_its_claim",),
    ),
    Finding("RT-26", "the ways out of the network that remain are said", ()),
    Finding(
        "RT-27",
        "people are plain letters and digits, images those of a list, notifications mails; MLflow asks all others in",
        (
            "tests/unit/lambdas/test_approvals.py::test_anybody_else_and_every_other_role_violates",
            "tests/unit/lambdas/test_provenance.py::test_a_job_that_broke_a_rule_is_named_with_it",
            f"{_PEOPLE}::test_a_person_may_do_this_and_not_that",
            "tests/contract/mlflow/test_refusals.py::test_another_scheme_than_a_password_is_asked_to_sign_in",
        ),
    ),
)
ALL = tuple(f"RT-{number:02}" for number in range(1, 28))
