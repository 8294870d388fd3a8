"""`trainers`, `datasets` and `schema`: what there is, each with its settings and defaults."""

from __future__ import annotations

from typing import Any

import click

from hpsearch.cli import options


@click.command()
@options.as_json
def trainers(as_json: bool) -> None:
    """List the trainers with their settings."""
    from hpsearch.training.loader import settings_of
    from trainers import TRAINERS

    catalogue = {name: settings_of(factory) for name, factory in TRAINERS.items()}
    if as_json:
        options.print_json(
            {
                name: {s.name: {"default": s.default, "help": s.help} for s in settings}
                for name, settings in catalogue.items()
            }
        )
        return
    for name, settings in catalogue.items():
        click.secho(f"{name}: {_first_line(TRAINERS[name])}", bold=True)
        for setting in settings:
            default = "required" if setting.required else repr(setting.default)
            click.echo(f"  {setting.name:<22} {default:<22} {setting.help}".rstrip())
        click.echo()
    click.echo('Any class of yours with the same methods: trainer: my_trainer.py:Name, or "package.module:Name"')


@click.command()
@options.as_json
def datasets(as_json: bool) -> None:
    """List the built-in data sets with their options."""
    from hpsearch.data.registry import DATASETS

    if as_json:
        options.print_json(
            {name: {"description": d.description, "options": dict(d.options)} for name, d in DATASETS.items()}
        )
        return
    for name, dataset in DATASETS.items():
        defaults = ", ".join(f"{option}={value!r}" for option, value in dataset.options.items())
        click.echo(f"{name:<15} {dataset.description}" + (f" [{defaults}]" if defaults else ""))
    click.echo("\nFiles: path: rows.csv | rows.parquet | arrays.npz | an IDX images file (labels: its labels file)")


@click.command()
def schema() -> None:
    """Print the JSON schema of a spec, for editors."""
    from hpsearch.spec import SweepSpec

    content = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_with_short_forms(SweepSpec.model_json_schema()),
    }
    options.print_json(content)


def _with_short_forms(content: dict[str, Any]) -> dict[str, Any]:
    """Add what the models take besides their own form: a sampler or pruner by its bare name."""
    from hpsearch.spec.search import PRUNERS, SAMPLERS

    search = content["$defs"]["SearchSpec"]["properties"]
    for field in ("metric", "direction"):  # a list of them means several objectives
        one = search[field]["anyOf"][0]
        search[field]["anyOf"].append({"type": "array", "items": one, "minItems": 1})
    for field, names in (("sampler", SAMPLERS), ("pruner", PRUNERS)):
        full = {"type": "object", "properties": {"name": {"enum": list(names)}}, "required": ["name"]}
        search[field] = {
            "anyOf": [{"enum": list(names)}, full],
            "default": search[field].get("default", {}).get("name"),
        }
    return content


def _first_line(factory: Any) -> str:
    return (factory.__doc__ or "").strip().splitlines()[0] if factory.__doc__ else ""


COMMANDS = (trainers, datasets, schema)
