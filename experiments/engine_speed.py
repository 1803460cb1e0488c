"""How many answers the stand-in engine gives in a second of one core, by part, without dspy's own overhead.

Run ``python -m experiments.engine_speed``. Records the requests of a real evaluation, then replays them.
"""

import time
from collections import Counter, defaultdict
from typing import Any

from dspy.lm15 import Request

from benchmark import build_authored, evaluate, sample, split
from lms import LanguageModels, Role
from lms.engine import RecordedEngine
from lms.simulation.prompt import read
from lms.store import Reply
from modules import RAISE

SCENARIOS = 70
ROUNDS = 3


class _Recorder:
    """A model that notes its requests."""

    def __init__(self, model: Any, requests: list[tuple[Any, Request]]) -> None:
        self._model, self._requests = model, requests
        self.identity = model.identity

    def answer(self, request: Request) -> Reply:
        self._requests.append((self._model, request))
        reply: Reply = self._model.answer(request)
        return reply

    async def aanswer(self, request: Request) -> Reply:
        return self.answer(request)


def main() -> None:
    """Record, replay, print."""
    models = LanguageModels()
    requests: list[tuple[Any, Request]] = []
    for role in Role:
        engine: RecordedEngine = models[role].engine
        engine.model = _Recorder(engine.model, requests)
    evaluate(RAISE(), sample(split(build_authored(), "test"), SCENARIOS), models=models, name="raise")
    seconds: dict[str, float] = defaultdict(float)
    counts: Counter[str] = Counter()
    for _ in range(ROUNDS):
        for model, request in requests:
            part = read(request).fields[-1]
            start = time.process_time()
            model.answer(request)
            seconds[part] += time.process_time() - start
            counts[part] += 1
    for part, count in counts.most_common():
        print(f"{part:18} {count:6} answers  {1e6 * seconds[part] / count:7.0f} us each")
    total, spent = sum(counts.values()), sum(seconds.values())
    print(f"{'all':18} {total:6} answers  {1e6 * spent / total:7.0f} us each  {total / spent:,.0f} a second")


if __name__ == "__main__":
    main()
