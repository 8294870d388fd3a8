"""`examples`: the specs that come with the package; and how `run` and `check` find the spec they are asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from hpsearch.cli import options
from hpsearch.errors import SpecError
from hpsearch.examples import FIRST, example_path
from hpsearch.spec import LoadedSpec, load_spec

option = click.option("--example", metavar="NAME", help="One of `hpsearch examples` in place of SPEC.")


@click.command("examples")
@options.as_json
def list_examples(as_json: bool) -> None:
    """List the examples: one for each article on networks by hand, run by run --example NAME."""
    from hpsearch.examples import examples

    texts = examples()
    if as_json:
        options.print_json(texts)
        return
    width = max(map(len, texts))
    for name, text in texts.items():
        click.echo(f"{name:<{width}}  {text}")
    click.echo("\nrun one: hpsearch run --example NAME")


def load_named(spec: str | None, example: str | None, overrides: tuple[str, ...]) -> LoadedSpec:
    """Read the spec that was named, the example that was named, or the first example.

    Raises
    ------
    SpecError
        If both are named, or what is named does not exist or is wrong.
    """
    if spec is not None:
        if example is not None:
            raise SpecError(f"--example: give either a spec or an example, got {spec!r} and {example!r}")
        return load_spec(spec, overrides)
    loaded = load_spec(example_path(example or FIRST), overrides)
    return replace(loaded, folder=Path.cwd())  # data that --set names lie where the user is


COMMANDS = (list_examples,)
