"""MLflow's way into a model folder: the loader module of a pyfunc model whose data are our folder.

MLflow imports this module by name and calls `_load_pyfunc`; nothing else is executed and MLflow itself is not
needed here. The work is done by `predictor`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from hpsearch.errors import DataError
from hpsearch.model.predictor import Predictor
from hpsearch.model.source import find

if TYPE_CHECKING:
    import pandas as pd


class PyfuncModel:
    """What MLflow calls: labels for raw rows, or probabilities if they are asked for.

    Parameters
    ----------
    predictor : of the folder that was logged
    """

    def __init__(self, predictor: Predictor):
        self.predictor = predictor

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> NDArray[Any] | pd.DataFrame:
        """Predict raw rows.

        Parameters
        ----------
        data : DataFrame with the features' columns, or (rows, features) array
        params : ``{"proba": True}`` asks for probabilities

        Returns
        -------
        (rows,) labels or targets; or a DataFrame of probabilities with a column for each class, named by its label

        Raises
        ------
        DataError
            The rows cannot be used, or a parameter is unknown.
        """
        unknown = sorted(set(params or {}) - {"proba"})
        if unknown:
            raise DataError(f"predict: the only parameter is 'proba', got {unknown[0]!r}")
        if not (params or {}).get("proba", False):
            return self.predictor.predict(data)
        import pandas as pd

        columns = [str(label) for label in self.predictor.classes]
        return pd.DataFrame(self.predictor.predict_proba(data), columns=columns, index=getattr(data, "index", None))

    def get_raw_model(self) -> Predictor:
        """Return the predictor, for `mlflow.pyfunc.PyFuncModel.get_raw_model`."""
        return self.predictor


def _load_pyfunc(path: str) -> PyfuncModel:
    return PyfuncModel(Predictor.from_folder(find(Path(path))))
