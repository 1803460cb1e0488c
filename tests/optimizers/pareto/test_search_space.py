"""Components and their options: what programs are put together from, and what must not be touched."""

import json

import dspy
import pytest

from modules import RAISE, AgentSettings
from modules.abstention import Variant
from optimizers.export import prompts_of
from optimizers.pareto.search_space import (
    OWN,
    ComponentOption,
    build,
    choices,
    dump_pool,
    extend_pool,
    index_of,
    load_pool,
    start_pool,
    student_params,
)

DEMO = {"query": "Is it ok?", "context": "- age: 40", "response": "Take it slowly.", "augmented": True}
RATED = {"query": "Is it ok?", "context": "- age: 40", "missing": "mood", "completeness": 2, "augmented": True}


def test_the_plain_parameters_stand_for_the_student_whatever_its_settings() -> None:
    student = RAISE(settings=AgentSettings(threshold=1, budget=2.5, retrieved=7, abstention="vote"))
    student.respond.demos = [dspy.Example(**DEMO)]
    pool = start_pool()
    params = student_params(student)
    for name, values in choices(student, pool).items():
        assert params[name] in values
    program = build(student, pool, params)
    assert program.settings == student.settings
    assert prompts_of(program) == prompts_of(student)
    assert program is not student


def test_instructions_and_demonstrations_go_where_they_belong_and_nowhere_else() -> None:
    student = RAISE()
    pool = extend_pool(
        start_pool(),
        {
            "respond": [ComponentOption(origin="x", instruction="Be kind.")],
            "answering": [ComponentOption(origin="x", demos={"respond": [DEMO], "abstain": [RATED]})],
        },
    )
    program = build(student, pool, {**student_params(student), "respond": 1, "answering": 1})
    assert program.respond.signature.instructions == "Be kind."
    assert [dict(demo) for demo in program.respond.demos] == [DEMO]
    assert program.abstain.demos == []
    for name in ("triage", "abstain", "plan", "ask", "read"):
        assert prompts_of(program)[name] == prompts_of(student)[name]
    assert prompts_of(student) == prompts_of(RAISE())


@pytest.mark.parametrize("variant", ["scale", "binary", "basic", "fused", "turn"])
def test_what_was_made_for_one_variant_is_not_shown_to_another(variant: Variant) -> None:
    student = RAISE()
    pool = extend_pool(
        start_pool(),
        {
            "abstain": [ComponentOption(origin="x", instruction="Rate strictly.", variant="scale")],
            "asking": [ComponentOption(origin="x", demos={"abstain": [RATED]})],
        },
    )
    program = build(student, pool, {**student_params(student), "abstention": variant, "abstain": 1, "asking": 1})
    assert program.settings.abstention == variant
    assert program.abstain.signature.output_fields.keys() == program.settings.way().signature.output_fields.keys()
    fits = variant == "scale"
    assert (program.abstain.signature.instructions == "Rate strictly.") is fits
    assert bool(program.abstain.demos) is fits


def test_triage_is_no_component() -> None:
    assert not {"triage"} & set(start_pool())
    loaded = ComponentOption(origin="x", demos={"triage": [{"query": "a", "latest_words": "b", "danger": "none"}]})
    pool = extend_pool(start_pool(), {"asking": [loaded], "answering": [loaded]})
    program = build(RAISE(), pool, {**student_params(RAISE()), "asking": 1, "answering": 1})
    assert program.triage.demos == []


def test_pools_only_grow_and_hold_nothing_twice() -> None:
    kind, same = (
        ComponentOption(origin="a", instruction="Be kind."),
        ComponentOption(origin="b", instruction="Be kind."),
    )
    once = extend_pool(start_pool(), {"respond": [kind]})
    again = extend_pool(once, {"respond": [same, ComponentOption(origin="c", instruction="Be brief.")]})
    assert again["respond"][: len(once["respond"])] == once["respond"]
    assert len(again["respond"]) == 3
    assert index_of(again, "respond", same) == 1
    assert again["plan"] == [OWN]


def test_a_pool_survives_its_dump() -> None:
    options = [
        ComponentOption(origin="x", demos={"respond": [DEMO]}),
        ComponentOption(origin="y", instruction="Be kind."),
    ]
    pool = extend_pool(start_pool(), {"answering": options[:1], "respond": options[1:]})
    assert load_pool(json.loads(json.dumps(dump_pool(pool)))) == pool
