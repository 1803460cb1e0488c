"""Parts: what programs are put together from, and what must not be touched."""

import dspy
import pytest

from modules import RAISE, AgentSettings
from modules.abstention import Variant
from optimizers.export import prompts_of
from optimizers.pareto.search_space import OWN, Part, build, choices, empty_pool, extended, index_of, plain

DEMO = {"query": "Is it ok?", "context": "- age: 40", "response": "Take it slowly.", "augmented": True}
RATED = {"query": "Is it ok?", "context": "- age: 40", "missing": "mood", "completeness": 2, "augmented": True}


def test_the_plain_parameters_stand_for_the_student_whatever_its_settings() -> None:
    student = RAISE(settings=AgentSettings(threshold=1, budget=2.5, retrieved=7, abstention="vote"))
    student.respond.demos = [dspy.Example(**DEMO)]
    pool = empty_pool()
    params = plain(student)
    for name, values in choices(student, pool).items():
        assert params[name] in values
    program = build(student, pool, params)
    assert program.settings == student.settings
    assert prompts_of(program) == prompts_of(student)
    assert program is not student


def test_instructions_and_demonstrations_go_where_they_belong_and_nowhere_else() -> None:
    student = RAISE()
    pool = extended(
        empty_pool(),
        {
            "respond": [Part(origin="x", instruction="Be kind.")],
            "answering": [Part(origin="x", demos={"respond": [DEMO], "abstain": [RATED]})],
        },
    )
    program = build(student, pool, {**plain(student), "respond": 1, "answering": 1})
    assert program.respond.signature.instructions == "Be kind."
    assert [dict(demo) for demo in program.respond.demos] == [DEMO]
    assert program.abstain.demos == []
    for name in ("triage", "abstain", "plan", "ask", "read"):
        assert prompts_of(program)[name] == prompts_of(student)[name]
    assert prompts_of(student) == prompts_of(RAISE())


@pytest.mark.parametrize("variant", ["scale", "binary", "basic", "fused"])
def test_what_was_made_for_one_variant_is_not_shown_to_another(variant: Variant) -> None:
    student = RAISE()
    pool = extended(
        empty_pool(),
        {
            "abstain": [Part(origin="x", instruction="Rate strictly.", variant="scale")],
            "asking": [Part(origin="x", demos={"abstain": [RATED]})],
        },
    )
    program = build(student, pool, {**plain(student), "abstention": variant, "abstain": 1, "asking": 1})
    assert program.settings.abstention == variant
    assert program.abstain.signature.output_fields.keys() == program.settings.way().signature.output_fields.keys()
    fits = variant == "scale"
    assert (program.abstain.signature.instructions == "Rate strictly.") is fits
    assert bool(program.abstain.demos) is fits


def test_triage_has_no_slot() -> None:
    assert not {"triage"} & set(empty_pool())
    loaded = Part(origin="x", demos={"triage": [{"query": "a", "latest_words": "b", "danger": "none"}]})
    pool = extended(empty_pool(), {"asking": [loaded], "answering": [loaded]})
    program = build(RAISE(), pool, {**plain(RAISE()), "asking": 1, "answering": 1})
    assert program.triage.demos == []


def test_pools_only_grow_and_hold_nothing_twice() -> None:
    kind, same = Part(origin="a", instruction="Be kind."), Part(origin="b", instruction="Be kind.")
    once = extended(empty_pool(), {"respond": [kind]})
    again = extended(once, {"respond": [same, Part(origin="c", instruction="Be brief.")]})
    assert again["respond"][: len(once["respond"])] == once["respond"]
    assert len(again["respond"]) == 3
    assert index_of(again, "respond", same) == 1
    assert again["plan"] == [OWN]
