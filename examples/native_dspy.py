"""RAISE and PENGUIN as DSPy knows them: train and dev set, metric, any optimizer, Evaluate, save, export."""

import dspy

from lms import LanguageModels, Role
from modules import RAISE
from optimizers import Penguin, export_program

models = LanguageModels()  # stand-ins
penguin = Penguin(models, train=14, dev=20)
dspy.configure(lm=models[Role.TARGET])
optimizer = dspy.BootstrapFewShotWithRandomSearch(metric=penguin.metric, max_labeled_demos=0, num_candidate_programs=3)
agent = optimizer.compile(RAISE(), trainset=penguin.trainset, valset=penguin.devset)
evaluate = dspy.Evaluate(devset=penguin.devset, metric=penguin.metric)
print("score:", evaluate(RAISE()).score, "->", evaluate(agent).score)
agent.save("native-program")
print(export_program(agent, "markdown", models.roles[Role.TARGET].model))
