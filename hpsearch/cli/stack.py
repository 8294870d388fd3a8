"""`init-stack`: the secrets of a stack, before it is brought up for the first time."""

from __future__ import annotations

from pathlib import Path

import click

from hpsearch.launch.stack_secrets import ENV, LOOPBACK, hosts_of, write_secrets


@click.command("init-stack")
@click.argument("folder", required=False, default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--listen", default=LOOPBACK, show_default=True, metavar="ADDRESS", help="Where the two ports are published."
)
def init_stack(folder: Path, listen: str) -> None:
    """Write .env (random passwords, the token) and hpsearch.toml (for clients) beside docker-compose.yml.

    Both are readable by you alone and never overwritten.
    """
    hosts = hosts_of(listen)
    for path in write_secrets(folder, listen, hosts):
        click.echo(f"written: {path}")
    if listen != LOOPBACK:
        click.secho(
            f"warning: the Jobs API will listen on {listen}, and it runs code for whoever has the token; the "
            "connection is not encrypted: put TLS in front of it",
            fg="yellow",
            err=True,
        )
        click.echo(
            f"MLflow answers clients that ask for {' or '.join(hosts)}, under any port, and refuses all others: where "
            f"this machine has another name, add it to HPSEARCH_ALLOWED_HOSTS in {folder / ENV}; its pages need an "
            "SSH tunnel all the same"
        )
    if not (folder / "docker-compose.yml").exists():
        click.echo(f"docker-compose.yml, Dockerfile and stack/ of a checkout belong into {folder}, too", err=True)
    click.echo("bring it up: docker compose up -d --build")


COMMANDS = (init_stack,)
