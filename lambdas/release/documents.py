"""The papers that go with a model: its card, and the facts of an AI impact assessment.

Pure: the archive's own facts and nothing else, so that the same archive has the same papers, whichever job made it and
however often this runs. Job, submitter and approver are in the registry and in the audit record. What only people can
decide is listed with an empty answer; the platform never fills it in.
"""

import json
from collections.abc import Mapping
from typing import Any

CARD = "model-card.json"
ASSESSMENT = "impact-assessment.json"
NAMES = (CARD, ASSESSMENT)
SOURCE = "OMB M-25-21 (April 2025), section 4(b), minimum risk management practices for high-impact AI"
_PEOPLE = {
    "high_impact_determination": "Is this use high-impact AI (section 4(a)), by whose decision, on what date?",
    "expected_benefit": "What does the agency gain, measured how, against doing it without AI?",
    "potential_impacts": "Whom may an alert harm (card holders, merchants), how badly, and what limits the harm?",
    "cost_analysis": "What do the platform and the reviewers' time cost, against what is found?",
    "independent_review": "Who outside the project reviewed it, and what did they find?",
    "human_training": "Who reviews alerts, and how were they trained and tested?",
    "remedies_and_appeals": "How does a person who is affected contest an alert, and who answers?",
    "feedback_of_users_and_public": "Whom was it discussed with, and what changed?",
    "reassessment": "When is this assessment made again, and by whom?",
    "waiver": "Is a practice waived, by which official's written decision?",
    "risk_acceptance": "Which official accepts the remaining risk, with what signature and date?",
}


def documents(manifest_sha256: str, files: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the documents by their names; `files` holds manifest.json, metrics.json and card.json of the archive."""
    lineage = _lineage(manifest_sha256, files["manifest.json"])
    return {
        CARD: _json({"version": 1, "lineage": lineage, "facts": files["card.json"]}),
        ASSESSMENT: _json(_assessment(lineage, files["card.json"], files["metrics.json"])),
    }


def _lineage(manifest_sha256: str, manifest: Mapping[str, Any]) -> dict[str, object]:
    named = ("model", "algorithm", "xgboost_version", "data_manifest_sha256", "code_sha256", "hyperparameters", "files")
    return {"manifest_sha256": manifest_sha256} | {name: manifest.get(name) for name in named}


def _assessment(
    lineage: Mapping[str, object], card: Mapping[str, Any], metrics: Mapping[str, Any]
) -> dict[str, object]:
    facts = {
        "intended_purpose": card.get("intended_use"),
        "uses_not_intended": card.get("not_intended"),
        "data_and_its_quality": card.get("data"),
        "model_capability_and_limits": {
            "limits": card.get("limits"),
            "thresholds": card.get("thresholds"),
            "metrics": {name: value for name, value in metrics.items() if name not in {"slices", "champion"}},
            "by_group": metrics.get("slices"),
        },
        "pre_deployment_testing": {
            "held_out_data_sha256": metrics.get("holdout_sha256"),
            "compared_with_champion": metrics.get("champion"),
            "gate": "minimum, regression against the champion and regression by slice; then golden rows on the "
            "endpoint before a version becomes the champion",
        },
        "ongoing_monitoring": "drift against the training baseline, with an alarm; endpoint errors and latency, with "
        "rollback; every transition in the audit record",
        "human_oversight": "a second person approves each release; an operator can stop the endpoint alone",
        "lineage": lineage,
    }
    people = {name: {"question": question, "answer": None} for name, question in _PEOPLE.items()}
    return {"version": 1, "source": SOURCE, "made_by_the_platform": facts, "decided_by_people_only": people}


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, indent=1).encode()
