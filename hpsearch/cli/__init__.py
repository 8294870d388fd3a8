"""The command line: one module a group of commands, errors as one line, exit codes 0, 1, 2, 130."""

from hpsearch.cli.main import main

__all__ = ["main"]
