"""The command line: parse, call, print. Results go to stdout, words to stderr."""

from lifecycle.cli.entry import main

__all__ = ["main"]
