r"""The thin shell that knows SageMaker's contract: `python -m model_code.container --help` teaches it.

The same code runs as SageMaker Processing (etl), Training (train), hosting (serve), on
Fargate, and as plain processes on a laptop with `ATOLL_ML_ROOT` in place of /opt/ml:

    ATOLL_ML_ROOT=/tmp/ml python -m model_code.container train
    ATOLL_ML_ROOT=/tmp/ml ATOLL_BIND_ADDRESS=127.0.0.1 python -m model_code.container serve
    curl -H 'Content-Type: text/csv' -H 'Accept: application/json' \
         -H 'X-Amzn-SageMaker-Custom-Attributes: reasons=3' --data-binary @live.csv http://127.0.0.1:8080/invocations

`__main__` dispatches and turns every failure into one sentence, `privileges` leaves root, `logs` writes JSON lines,
`environment` reads settings; `train`, `serve` and `etl` offer `main(arguments, root)`.
"""
