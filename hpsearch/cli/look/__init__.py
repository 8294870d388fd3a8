"""What is known of the sweeps? The commands that read MLflow alone and change nothing, one file each or two."""

from hpsearch.cli.look import figures, report, sweeps, trials, winner

COMMANDS = (*sweeps.COMMANDS, *winner.COMMANDS, *trials.COMMANDS, *figures.COMMANDS, *report.COMMANDS)
