"""Networks written by hand in NumPy, each with its backpropagation; this package knows nothing of hpsearch.

A trainer is called with settings and a seed, yields one mapping of metrics an epoch, and returns a model. The way
in is `TRAINERS`; the parts (`network`, `layers`, `losses`, `training`) can be used by hand.
"""

from __future__ import annotations

from trainers.batchnorm import BatchNormMlp
from trainers.cnn import Cnn
from trainers.linear import Linear
from trainers.logistic import Logistic
from trainers.mlp import Mlp
from trainers.torch_mlp import TorchMlp

TRAINERS: dict[str, type] = {
    "mlp": Mlp,
    "batchnorm": BatchNormMlp,
    "cnn": Cnn,
    "logistic": Logistic,
    "linear": Linear,
    "torch": TorchMlp,
}

__all__ = ["TRAINERS", "BatchNormMlp", "Cnn", "Linear", "Logistic", "Mlp", "TorchMlp"]
