"""``python -m cli`` is ``raise``, whatever packages the working folder has."""

import sys
from pathlib import Path

# Python put the working folder first, where a project of one's own may have a package of one of our names
if not sys.flags.safe_path and Path(sys.path[0]).resolve() != Path(__file__).resolve().parents[1]:
    del sys.path[0]

from cli.app import main

main()
