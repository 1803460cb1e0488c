"""Plan offline which attributes to ask about, and give the paths to a program."""

from pathlib import Path

from benchmark import build_authored, split
from benchmark.planning.planning import PlanSettings, plan
from lms import LanguageModels
from modules import RAISE, AgentSettings

train = split(build_authored(), "train")
planned = plan(train, PlanSettings(queries=7, evaluations=15, depth=4), models=LanguageModels())
for path in planned.paths.paths:
    print(f"{path.query!r}: {', '.join(path.path)} (expected safety {path.value:.2f})")
planned.paths.save(Path("paths.jsonl"))

agent = RAISE(planned.paths, AgentSettings(shortlist=1))  # asks what the paths of similar queries favour
agent.save("planned-program")
