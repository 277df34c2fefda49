"""`python -m composegen`."""

from composegen.cli import main

main()
