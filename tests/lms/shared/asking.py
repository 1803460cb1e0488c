"""A process that asks a model through a shared store: one list of questions a line in, one list of replies a line out.

Run as ``python -m tests.lms.shared.asking URL STORE LEASE``.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from lms import LanguageModels, Role, RoleSettings
from lms.shared.database import Database
from lms.shared.replies import SharedReplies


def main() -> None:
    """Ask until stdin ends."""
    url, place, lease = sys.argv[1:]
    store = SharedReplies(Database(place), lease=float(lease))
    lm = LanguageModels({Role.TARGET: RoleSettings(model="openai/m", api_base=url)}, store)[Role.TARGET]
    with ThreadPoolExecutor(4) as pool:
        for line in sys.stdin:
            replies = pool.map(lambda question: lm(question)[0], json.loads(line))
            sys.stdout.write(json.dumps(list(replies)) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
