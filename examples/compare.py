"""Evaluate two programs on the same scenarios and compare them, scenario by scenario."""

from benchmark import build_authored, evaluate, sample, split
from lms import LanguageModels
from modules import RAISE, Vanilla

models = LanguageModels()  # stand-ins
scenarios = sample(split(build_authored(), "test"), 28, seed=0)
vanilla = evaluate(Vanilla(), scenarios, models=models, name="vanilla")
asking = evaluate(RAISE(), scenarios, models=models, name="raise")

for evaluation in (vanilla, asking):
    print(evaluation.name, "safety", evaluation.mean("safety"), "questions", evaluation.mean("n_queries"))
difference = asking.compare(vanilla)  # paired; intervals clustered by situation
print("raise minus vanilla: safety", difference.safety, "questions", difference.n_queries, f"p = {difference.p:.2g}")
