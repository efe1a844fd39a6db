"""What an endpoint must run is the deployed template with a release's parameters: image, archive, whole environment."""

import json
from dataclasses import replace

import pytest

from lambdas.release.expected import ExpectedError, container, problem
from lambdas.release.records import Container, Release
from tests.fakes.release import MODEL, REVIEWED
from tests.fakes.stack import template

RELEASE = Release(image_digest="sha256:a", manifest_sha256="e" * 64, version="7", release_id="r-by-ann-0")


def given(text: str = REVIEWED) -> Container:
    return container(text, RELEASE, model=MODEL, repository="registry.example/serving", bucket="release")


def test_the_container_is_the_templates_with_the_releases_parameters() -> None:
    assert given(template(ATOLL_SCORE_DECIMALS="4")) == Container(
        image="registry.example/serving@sha256:a",
        data=f"s3://release/models/{MODEL}/{'e' * 64}/model.tar.gz",
        environment={
            "ATOLL_MODEL_NAME": MODEL,
            "ATOLL_MANIFEST_SHA256": "e" * 64,
            "ATOLL_MODEL_VERSION": "7",
            "ATOLL_RELEASE_ID": "r-by-ann-0",
            "ATOLL_SCORE_DECIMALS": "4",
        },
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"Resources": {}}',
        '{"Resources": {"M": {"Type": "AWS::SageMaker::Model"}}}',
        template(ATOLL_X={"Ref": "Another"}),
        template(ATOLL_X={"Fn::Sub": "x"}),
    ],
)
def test_a_template_that_tells_no_environment_is_an_error_and_no_verdict(text: str) -> None:
    with pytest.raises(ExpectedError, match="environment of its one container"):
        given(text)


def test_a_template_with_two_models_is_an_error() -> None:
    twice = json.loads(REVIEWED)
    twice["Resources"]["Other"] = twice["Resources"]["Model"]
    with pytest.raises(ExpectedError):
        given(json.dumps(twice))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"image": "registry.example/other@sha256:a"}, "image 'registry.example/other@sha256:a', expected"),
        ({"data": "s3://data/experiments/x.tar.gz"}, "data 's3://data/experiments/x.tar.gz', expected"),
        ({"environment": {**given().environment, "PYTHONPATH": "/opt/ml/model"}}, "variable 'PYTHONPATH' is"),
        ({"environment": {}}, "variable 'ATOLL_MANIFEST_SHA256' is None, expected"),
    ],
)
def test_any_other_container_is_named_with_what_differs(change: dict, told: str) -> None:
    other = replace(given(), **change)
    found = problem([given(), other], [given()])
    assert found
    assert told in found
    assert problem([given()], [given()]) is None


def test_what_runs_where_nothing_was_approved_is_named_by_image_and_archive() -> None:
    assert "registry.example/serving@sha256:a" in str(problem([given()], []))
