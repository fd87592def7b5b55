"""`winnow`, the command line: a thin layer on the library that turns its errors into one message and exit status 2."""

from curation.cli.main import main

__all__ = ["main"]
