"""Compile RAISE for a model, load the program, and talk to it. Stand-ins play every role: no key, no network."""

from pathlib import Path

import dspy

from benchmark import build_authored
from lms import LanguageModels, Role
from modules import RAISE
from optimizers import CompileSettings, Workspace, compile_target

# For real models: LanguageModels({Role.TARGET: RoleSettings(model="openai/gpt-4o-mini"), Role.JUDGE: ...})
models = LanguageModels()
settings = CompileSettings(trials=3, train=14, dev=14, test=14, plan_queries=7)  # far too small to mean anything
result = compile_target(settings, build_authored(), models, Workspace(root=Path("mlruns"), out=Path("program")))
for member in result.figures["front"]:
    print(f"{member['name']}: safety {member['safety']:.2f}, questions {member['avg_queries']:.2f}")

agent = RAISE.load("program")
with dspy.context(lm=models[Role.TARGET]):
    answer = agent(query="Should I just quit my job?", user=lambda question: "I'm broke and I don't sleep.")
print(answer.questions, answer.stop_reason, answer.response, sep="\n")
