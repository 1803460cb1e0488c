"""A program's identity: whatever changes behaviour changes it, and nothing else does."""

from collections.abc import Callable
from pathlib import Path

import dspy
import pytest

from modules import (
    RAISE,
    AgentOnly,
    AgentSettings,
    ContextRich,
    GreedyPath,
    OraclePath,
    PartialContext,
    PathIndex,
    PlannedPath,
    Program,
    RandomPath,
    StaticPath,
    Vanilla,
)
from tests.modules.scripted import Grading

PATH = PlannedPath(query="q", path=("age", "gender"), value=4.0, evaluations=5, origin="life/x")
FIRST, SECOND = dspy.Example(query="q", attribute="age"), dspy.Example(query="r", attribute="gender")


def changed(change: Callable[[RAISE], None]) -> RAISE:
    program = RAISE()
    change(program)
    return program


def instructed(program: RAISE) -> None:
    program.respond.signature = program.respond.signature.with_instructions("Answer well.")


def described(program: RAISE) -> None:
    program.respond.signature = program.respond.signature.with_updated_fields("response", desc="a haiku")


def typed(program: RAISE) -> None:
    program.respond.signature = program.respond.signature.with_updated_fields("response", type_=int)


def extended(program: RAISE) -> None:
    program.respond.signature = program.respond.signature.append("mood", dspy.OutputField(desc="a word"))


def reordered(program: RAISE) -> None:
    signature = program.respond.signature
    fields = {name: (signature.fields[name].annotation, signature.fields[name]) for name in ("context", "query")}
    fields["response"] = (str, signature.fields["response"])
    program.respond.signature = dspy.Signature(fields, signature.instructions)


def shown(*demos: dspy.Example) -> Callable[[RAISE], None]:
    return lambda program: setattr(program.plan, "demos", list(demos))


def heated(program: RAISE) -> None:
    program.respond.update_config(temperature=0.9)


DIFFERENT: dict[str, Program] = {
    "plain": RAISE(),
    "instructions": changed(instructed),
    "description of a field": changed(described),
    "type of a field": changed(typed),
    "another field": changed(extended),
    "order of fields": changed(reordered),
    "a demo": changed(shown(FIRST)),
    "demos": changed(shown(FIRST, SECOND)),
    "order of demos": changed(shown(SECOND, FIRST)),
    "order inside a demo": changed(shown(dspy.Example(facts={"age": "1", "gender": "x"}))),
    "other order inside a demo": changed(shown(dspy.Example(facts={"gender": "x", "age": "1"}))),
    "config": changed(heated),
    "threshold": RAISE(settings=AgentSettings(threshold=3)),
    "burdens": RAISE(settings=AgentSettings(burdens={"age": 2.0})),
    "never ask": RAISE(settings=AgentSettings(never_ask=frozenset({"age"}))),
    "contacts": RAISE(settings=AgentSettings(contacts={"DE": "112"})),
    "paths": RAISE(PathIndex([PATH])),
    "other path": RAISE(PathIndex([PATH.model_copy(update={"path": ("gender", "age")})])),
    "class": AgentOnly(AgentSettings(retrieved=5)),
    "static": StaticPath(["age"]),
    "static, longer": StaticPath(["age", "gender"]),
    "static, other order": StaticPath(["gender", "age"]),
    "random": RandomPath(2),
    "random, k": RandomPath(3),
    "random, seed": RandomPath(2, seed=1),
    "vanilla": Vanilla(),
    "context-rich": ContextRich(),
    "partial": PartialContext(["age"]),
    "partial, other": PartialContext(["gender"]),
    "partial, rollout": PartialContext(["age"], 1),
    "oracle": OraclePath(2, Grading()),
    "oracle, k": OraclePath(3, Grading()),
    "oracle, scorer": OraclePath(2, Grading("another")),
    "oracle, settings": OraclePath(2, Grading(), AgentSettings(never_ask=frozenset({"age"}))),
    "greedy": GreedyPath(2, Grading()),
}


def test_whatever_changes_behaviour_changes_the_identity() -> None:
    found: dict[str, list[str]] = {}
    for name, program in DIFFERENT.items():
        found.setdefault(program.identity(), []).append(name)
    assert [names for names in found.values() if len(names) > 1] == []


def test_equal_programs_and_their_copies_have_the_same_identity() -> None:
    makes: list[Callable[[], RAISE | Vanilla]] = [
        RAISE,
        Vanilla,
        lambda: RAISE(PathIndex([PATH])),
        lambda: changed(shown(FIRST)),
        lambda: RandomPath(2),
        lambda: StaticPath(["age"]),
        lambda: OraclePath(2, Grading()),
    ]
    for make in makes:
        assert make().identity() == make().identity() == make().deepcopy().identity()


@pytest.mark.parametrize("change", [instructed, shown(FIRST), shown(dspy.Example(facts={"gender": "x", "age": "1"}))])
def test_the_identity_survives_saving(change: Callable[[RAISE], None], tmp_path: Path) -> None:
    program = changed(change)
    program.save(tmp_path / "program")
    assert RAISE.load(tmp_path / "program").identity() == program.identity()


def test_sets_and_tables_are_hashed_alike_whatever_their_order() -> None:
    one = AgentSettings(never_ask=frozenset(["age", "gender", "profession"]), contacts={"DE": "1", "US": "2"})
    two = AgentSettings(never_ask=frozenset(["profession", "gender", "age"]), contacts={"US": "2", "DE": "1"})
    assert RAISE(settings=one).identity() == RAISE(settings=two).identity()


def test_a_scorer_is_no_part_of_the_program_that_an_optimizer_could_tune() -> None:
    class Judging(Grading):
        def __init__(self) -> None:
            super().__init__()
            self.grade_it = dspy.Predict("response -> grade")

    assert [name for name, _ in OraclePath(2, Judging()).named_predictors()] == ["respond"]
