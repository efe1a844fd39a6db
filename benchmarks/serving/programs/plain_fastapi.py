"""What many teams write: FastAPI, a DMatrix a request; CSV through pandas."""

import io
import os

import numpy as np
import pandas as pd
import xgboost
from fastapi import FastAPI, Request
from pydantic import BaseModel

app = FastAPI()
model = xgboost.Booster({"nthread": 1}, model_file=os.environ["MODEL"])


class Rows(BaseModel):
    """The body of a JSON request."""

    instances: list[list[float]]


@app.get("/ping")
def ping() -> dict[str, str]:
    """Say that the server is up."""
    return {"status": "ok"}


@app.post("/json")
def score_json(rows: Rows) -> dict[str, list[float]]:
    """Score rows of JSON."""
    return {"predictions": model.predict(xgboost.DMatrix(np.array(rows.instances))).tolist()}


@app.post("/csv")
async def score_csv(request: Request) -> dict[str, list[float]]:
    """Score rows of headerless CSV."""
    rows = pd.read_csv(io.BytesIO(await request.body()), header=None).to_numpy()
    return {"predictions": model.predict(xgboost.DMatrix(rows)).tolist()}
