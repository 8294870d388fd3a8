"""The real data sets that come with scikit-learn: digits, iris, wine, breast_cancer, diabetes.

They are small, need no download, and keep the label names of their makers. Listed by `hpsearch.data.registry`.
"""

from __future__ import annotations

from typing import Any

from hpsearch.data.dataset import Raw


def digits() -> Raw:
    """Return 1,797 handwritten digits, 8 x 8 pixels from 0 to 16, ten classes."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    return Raw(bunch.data, bunch.target, tuple(bunch.feature_names), image_shape=(8, 8))


def iris() -> Raw:
    """Return 150 flowers, four lengths each, three species."""
    from sklearn.datasets import load_iris

    return _named(load_iris())


def wine() -> Raw:
    """Return 178 wines, thirteen measurements each, three growers."""
    from sklearn.datasets import load_wine

    return _named(load_wine())


def breast_cancer() -> Raw:
    """Return 569 tumours, thirty measurements each, benign or malignant."""
    from sklearn.datasets import load_breast_cancer

    return _named(load_breast_cancer())


def diabetes() -> Raw:
    """Return 442 patients, ten measurements each; the target is how the disease advanced in a year."""
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes()
    return Raw(bunch.data, bunch.target, tuple(bunch.feature_names), task="regression")


def _named(bunch: Any) -> Raw:
    return Raw(bunch.data, bunch.target_names[bunch.target], tuple(str(name) for name in bunch.feature_names))
