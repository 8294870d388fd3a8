"""What do the command line and `hpsearch.api` both show with? Progress, quiet output, interrupts; knows no command."""
