"""The export for other harnesses: the prompts that programs send, and hashes that tell one item from every other."""

from benchmark import build_authored, evaluate, sample, split
from benchmark.evaluation.harness import items_of
from lms import LanguageModels, Role
from modules import ContextRich, Vanilla
from tests.benchmark.scripted import listen

WHOLE = build_authored()
SCENARIOS = sample(split(WHOLE, "test"), 4)


def test_prompts_are_those_that_programs_send() -> None:
    items = list(items_of(SCENARIOS, WHOLE.hash, "test"))
    for program, condition in ((Vanilla(), "context_free"), (ContextRich(), "context_rich")):
        models = LanguageModels()
        heard = listen(models, Role.TARGET)
        evaluate(program, SCENARIOS, models=models, name=condition)
        exported = ["\n".join(message.content for message in getattr(item, condition)) for item in items]
        assert [prompt.text for prompt in heard] == exported


def test_hashes_cover_the_whole_content() -> None:
    first, second = items_of([SCENARIOS[0], SCENARIOS[0].model_copy(update={"query": "Another?"})], WHOLE.hash, "test")
    assert first.id == second.id
    assert first.hash != second.hash
    assert {first.data_hash, second.data_hash} == {WHOLE.hash}
