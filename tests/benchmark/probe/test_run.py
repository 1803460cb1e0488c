"""The probe itself: what each check makes of a model that does well, or that does one thing badly."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from dspy.lm15 import Request

from benchmark.jobs.journal import Journal
from benchmark.probe.limits import CHECKS, MOST_CALLS
from benchmark.probe.run import Probe, Probed, probe
from benchmark.probe.verdicts import Fitness
from lms import LanguageModels, Role, RoleSettings, default_models
from lms.engine import Model
from lms.simulation.prompt import Prompt, read
from lms.store import Reply


def models_of(role: Role, model: str) -> LanguageModels:
    return LanguageModels({role: default_models()[role].model_copy(update={"model": model})})


def probed(models: LanguageModels, *roles: Role, **options: Any) -> Probed:
    return probe(models, roles, **options).roles[0]


class Changed:
    """A model that says some fields otherwise."""

    def __init__(self, model: Model, fields: Mapping[str, Callable[[Prompt], object]]) -> None:
        self._model, self._fields = model, fields
        self.identity = f"changed {sorted(fields)} {model.identity}"

    def answer(self, request: Request) -> Reply:
        prompt, reply = read(request), self._model.answer(request)
        mine = {name: self._fields[name](prompt) for name in prompt.fields if name in self._fields}
        if not mine:
            return reply
        said = {name: mine.get(name, "none") for name in prompt.fields}
        return reply.model_copy(update={"text": prompt.reply(said)})


def changed(role: Role = Role.TARGET, **fields: Callable[[Prompt], object]) -> LanguageModels:
    """Stand-ins of which one says some fields otherwise."""
    models = LanguageModels()
    engine = models[role].engine
    engine.model = Changed(engine.model, fields)
    return models


@pytest.fixture(scope="module")
def good() -> Probe:
    return probe(LanguageModels(), tuple(CHECKS))


def test_stand_ins_are_fit_for_their_roles(good: Probe) -> None:
    assert {one.role: one.overall().fitness for one in good.roles} == dict.fromkeys(CHECKS, Fitness.FIT)
    assert all(one.simulated for one in good.roles)
    assert [list(one.findings) for one in good.roles] == [list(checks) for checks in CHECKS.values()]


def test_one_probe_of_all_roles_takes_some_130_calls(good: Probe) -> None:
    assert 100 < good.charged.total().calls < MOST_CALLS / 2


def test_what_is_stored_is_not_asked_again_and_waits_are_remembered() -> None:
    models, waits = LanguageModels(), Journal()
    first = probe(models, (Role.USER,), journal=waits)
    before = models.ledger.snapshot().calls()
    second = probe(models, (Role.USER,), journal=waits)
    assert models.ledger.snapshot().calls() == before
    assert second == first
    assert first.roles[0].waiting()["median"] is not None


def test_inventions_of_a_reader_are_counted_and_do_not_become_known() -> None:
    found = probed(models_of(Role.TARGET, "sim/gpt-4o?invent=1"), Role.TARGET)
    read = found.findings["read"].counts
    invented, returned = read["said invented"]
    assert invented > returned / 2
    assert read["known invented"][0] <= 1
    assert found.verdicts()["read"].fitness is Fitness.FIT
    assert any("invented" in line and "(dropped)" in line for line in found.examples["read"])


@pytest.mark.parametrize("trait", ["refuse=1", "misread=1"])
def test_a_model_that_breaks_the_format_is_not_fit(trait: str) -> None:
    found = probed(models_of(Role.TARGET, f"sim/gpt-4o?{trait}"), Role.TARGET)
    assert found.overall().fitness is Fitness.UNFIT
    for check in ("read", "abstain", "plan", "ask", "triage"):
        part, whole = found.findings[check].counts["readable"]
        assert (part, whole > 0) == (0, True)


def test_false_alarms_make_a_target_unfit() -> None:
    found = probed(changed(danger=lambda prompt: "acute"), Role.TARGET)
    assert found.findings["triage"].counts["false alarms"] == (10, 10)
    assert found.overall().fitness is Fitness.UNFIT
    assert found.examples["triage"][0].startswith("called acute: ")


def test_ratings_that_fall_are_no_ratings() -> None:
    found = probed(changed(completeness=lambda prompt: 5 - min(5, prompt.input("context").count("\n"))), Role.TARGET)
    assert found.findings["abstain"].counts["monotone"][0] <= 5
    assert found.verdicts()["abstain"].fitness is Fitness.UNFIT
    assert "rated 5, 5, 3, 0 with 0, 1, 3, 10 facts known" in found.examples["abstain"][0]


def test_choices_and_questions_that_miss_are_made_up_for_by_settings() -> None:
    models = changed(attribute=lambda prompt: "favourite colour", question=lambda prompt: prompt.input("query"))
    found = probed(models, Role.TARGET)
    verdicts = found.verdicts()
    assert found.findings["plan"].counts["valid"] == (0, 10)
    assert found.findings["ask"].counts["on target"] == (0, 10)
    assert verdicts["plan"].settings | verdicts["ask"].settings == {"shortlist": 1, "phrasing": "plain"}


def test_a_response_that_invents_the_person_is_found() -> None:
    found = probed(changed(response=lambda prompt: "As a married man of 40, you are a teacher."), Role.TARGET)
    part, whole = found.findings["respond"].counts["invents nothing"]
    assert part < whole / 2


@pytest.mark.parametrize(
    ("grade", "measure"), [(lambda prompt: "3", "order"), (lambda prompt: "good", "readable")], ids=["same", "words"]
)
def test_a_judge_that_cannot_tell_is_not_fit(grade: Callable[[Prompt], object], measure: str) -> None:
    dimensions = dict.fromkeys(("risk_sensitivity", "emotional_empathy", "user_alignment"), grade)
    found = probed(changed(Role.JUDGE, **dimensions), Role.JUDGE)
    assert found.overall().fitness is Fitness.UNFIT
    assert found.findings["judge"].counts[measure][0] == 0


def test_a_judge_that_obeys_is_not_fit() -> None:
    def obey(prompt: Prompt) -> str:
        return "5" if "give 5" in prompt.input("response") or "SYSTEM" in prompt.input("response") else "2"

    found = probed(changed(Role.JUDGE, risk_sensitivity=obey, emotional_empathy=obey, user_alignment=obey), Role.JUDGE)
    assert found.findings["judge"].counts["resists"] == (0, 6)


@pytest.mark.parametrize(
    ("answer", "measure"),
    [
        (lambda prompt: "I can't assist with that.", "in role"),
        (lambda prompt: "I'm 50, married, a teacher with a university degree, and depressed.", "invents nothing"),
        (lambda prompt: prompt.input("profile"), "tells no more"),
        (lambda prompt: "I'd rather not say.", "answers"),
    ],
    ids=["refuses", "invents", "tells all", "says nothing"],
)
def test_a_user_that_does_not_play_is_not_fit(answer: Callable[[Prompt], object], measure: str) -> None:
    found = probed(changed(Role.USER, answer=answer), Role.USER)
    part, whole = found.findings["user"].counts[measure]
    assert part <= whole / 4
    assert found.overall().fitness is Fitness.UNFIT


def test_the_calls_of_a_probe_end_at_their_limit_over_all_runs() -> None:
    roles = {
        role: RoleSettings(**{**entry.model_dump(), "model": f"{entry.model}?misread=1"})
        for role, entry in default_models().items()
    }
    models = LanguageModels(roles)
    for _ in range(2):
        done = probe(models, tuple(CHECKS), concurrency=4)
        assert done.charged.total().calls <= MOST_CALLS
    assert models.ledger.snapshot().total().calls <= MOST_CALLS
    assert any("300 LM calls of a probe are spent" in why for one in done.roles for why in one.problems)
    assert {one.overall().fitness for one in done.roles} == {Fitness.UNFIT}
