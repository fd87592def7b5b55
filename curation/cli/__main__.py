"""`python -m curation.cli` is `winnow`."""

from curation.cli import main

main(prog_name="winnow")
