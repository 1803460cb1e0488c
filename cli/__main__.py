"""``python -m cli`` is ``raise``."""

from cli.app import main

main()
