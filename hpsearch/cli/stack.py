"""`init-stack`: the secrets of a stack, before it is brought up for the first time."""

from __future__ import annotations

from pathlib import Path

import click

from hpsearch.launch.stack_secrets import LOOPBACK, write_secrets


@click.command("init-stack")
@click.argument("folder", required=False, default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--listen", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="Where the two ports are published."
)
def init_stack(folder: Path, listen: str) -> None:
    """Write .env (random passwords, the token) and hpsearch.toml (for clients) beside docker-compose.yml.

    Both are readable by you alone and never overwritten.
    """
    for path in write_secrets(folder, listen):
        click.echo(f"written: {path}")
    if listen != LOOPBACK:
        click.secho(
            f"warning: the Jobs API will listen on {listen}, and it runs code for whoever has the token; the "
            "connection is not encrypted: put TLS in front of it",
            fg="yellow",
            err=True,
        )
    if not (folder / "docker-compose.yml").exists():
        click.echo(f"docker-compose.yml, Dockerfile and stack/ of a checkout belong into {folder}, too", err=True)
    click.echo("bring it up: docker compose up -d --build")


COMMANDS = (init_stack,)
