"""Save the trees in MLflow's own model format: `save_for_mlflow.py MODEL.ubj FOLDER`, in MLflow's environment."""

import sys

import mlflow.xgboost
import xgboost

mlflow.xgboost.save_model(xgboost.Booster(model_file=sys.argv[1]), sys.argv[2], model_format="ubj", pip_requirements=[])
