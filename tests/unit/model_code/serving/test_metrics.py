import os

from model_code.serving.metrics import Metrics


def test_processes_that_were_forked_count_together() -> None:
    metrics = Metrics(2)
    metrics.answered(200, 0.0005)
    child = os.fork()
    if child == 0:
        metrics.be(1)
        metrics.answered(200, 0.02)
        metrics.answered(400, 3.0)
        metrics.scored(5, 2)
        os._exit(0)
    os.waitpid(child, 0)
    lines = metrics.text().decode().splitlines()
    assert {
        'atoll_requests_total{status="200"} 2',
        'atoll_requests_total{status="400"} 1',
        "atoll_rows_total 5",
        "atoll_out_of_distribution_rows_total 2",
        'atoll_request_seconds_bucket{le="0.001"} 1',
        'atoll_request_seconds_bucket{le="0.025"} 2',
        'atoll_request_seconds_bucket{le="10.0"} 3',
        'atoll_request_seconds_bucket{le="+Inf"} 3',
        "atoll_request_seconds_count 3",
        "atoll_request_seconds_sum 3.020500",
    } <= set(lines)


def test_a_status_that_no_answer_has_is_not_counted() -> None:
    metrics = Metrics()
    metrics.answered(299, 1.0)
    assert metrics.totals() == [0.0] * len(metrics.totals())
