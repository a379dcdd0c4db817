"""`python -m wharfinger` is the command line."""

from wharfinger.cli import main

main()
