"""`predict`: labels, probabilities or targets for the raw rows of a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hpsearch.cli import options
from hpsearch.config.addresses import Addresses


@click.command()
@click.argument("model")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--proba", is_flag=True, help="Print a probability for every class.")
@click.option(
    "--trainer", metavar="NAME", help="Its trainer, if it is no built-in one: FILE.py:NAME or package.module:NAME."
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Write a .csv or .parquet file.")
@options.home
def predict(model: str, file: Path, proba: bool, trainer: str | None, output: Path | None, home: str | None) -> None:
    """Predict the rows of FILE (CSV or Parquet) with MODEL.

    MODEL is a downloaded folder, models:/NAME@champion or runs:/RUN/model.
    """
    from hpsearch.console.quiet import silence
    from hpsearch.data.readers.table import read_table
    from hpsearch.results.download import open_model
    from hpsearch.sweep.conclude.trials_table import write_table

    silence(verbose=False)
    addresses = Addresses.find(home)
    predictor = open_model(model, addresses.tracking, trainer, addresses.credentials)
    frame = read_table(file)
    table = _predictions(predictor, frame, proba)
    if output is not None:
        write_table(table, output)
        click.echo(f"{len(table)} rows written to {output}")
    else:
        click.echo(table.to_csv(index=False), nl=False)


def _predictions(predictor: Any, frame: Any, proba: bool) -> Any:
    import pandas as pd

    if proba:
        return pd.DataFrame(predictor.predict_proba(frame), columns=[str(label) for label in predictor.classes])
    return pd.DataFrame({"prediction": predictor.predict(frame)})


COMMANDS = (predict,)
