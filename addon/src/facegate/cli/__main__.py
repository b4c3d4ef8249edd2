"""``python -m facegate.cli``."""

from facegate.cli import main

main()
