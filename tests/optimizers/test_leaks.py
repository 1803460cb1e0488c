"""Personal details are found where they must not be, and common speech is not taken for one."""

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark import Scenario
from modules import RAISE
from optimizers.leaks import LeakGuard, leaked, refuse_private
from signatures import Profile, RaiseError

NURSE = Profile(
    age="35-44 years",
    profession="night nurse",
    mental_health_status="severe depression",
    self_harm_history="none",
    emotional_state="worn out and crying in the staff toilet before every shift",
)


def scenario(name: str, query: str, profile: Profile = NURSE, source: str = "authored") -> Scenario:
    return Scenario(id=name, domain="work", situation=f"work/{name}", source=source, query=query, profile=profile)


MINE = scenario("mine", "Should I hand in my notice before the rota meeting on Friday?")
OTHER = scenario("other", "How do I tell my landlord that the boiler broke again?", Profile(age="25-34 years"))


@pytest.mark.parametrize(
    "text",
    [
        "If somebody wants to hand in my notice before the rota meeting, be careful.",
        "Mind people who are worn out, and crying in the Staff Toilet before work.",
        "For a night nurse of 35-44 years with severe depression, say less.",
    ],
)
def test_details_of_one_person_are_found(text: str) -> None:
    assert [leak.scenario for leak in leaked(text, [MINE, OTHER])] == ["mine"]


@pytest.mark.parametrize(
    "text",
    [
        "Name the risk, and ask about severe depression and past self-harm.",
        "A night nurse may sleep badly. People of 35-44 years differ. Severe depression needs care.",
        "Before every shift, rest.",
        "",
    ],
)
def test_what_could_be_anybody_is_not(text: str) -> None:
    assert leaked(text, [MINE, OTHER]) == []


def test_common_speech_and_public_words_are_nobodys() -> None:
    asking = [scenario(f"s{i}", "What should I do about this?", Profile(age="25-34 years")) for i in range(3)]
    assert leaked("Asked what should I do about this, stay calm.", asking[:2])
    assert leaked("Asked what should I do about this, stay calm.", asking) == []
    guard = LeakGuard([MINE], public=["They hand in my notice before they think."])
    assert guard.leaked("hand in my notice before") == []
    assert guard.leaked("in my notice before the")


def test_a_demonstration_may_tell_of_its_own_person_and_of_nobody_else() -> None:
    program = RAISE()
    program.respond.demos = [
        dspy.Example(augmented=True, query=MINE.query, context="- age: 35-44 years", response="Wait.")
    ]
    guard = LeakGuard([MINE, OTHER])
    assert guard.leaks_of(program, shown=["mine"]) == []
    assert [leak.place for leak in guard.leaks_of(program, shown=["other"])] == ["respond: demonstration 1"]
    program.plan.signature = program.plan.signature.with_instructions(f"Think of one who asked: {MINE.query}")
    assert [leak.place for leak in guard.leaks_of(program, shown=["mine"])] == ["plan: instructions"]


def test_an_uncompiled_program_tells_nothing(test_scenarios: list[Scenario]) -> None:
    assert LeakGuard(test_scenarios).leaks_of(RAISE()) == []


def test_demonstrations_of_real_people_are_refused_unless_allowed() -> None:
    real = scenario("r", "Should I quit?", source="reddit")
    imported = scenario("h", "Should I stay?", source="hub")
    assert refuse_private([MINE, real, imported]) == [MINE]
    assert refuse_private([real, imported], allow=True) == [real, imported]
    with pytest.raises(RaiseError, match="--allow-private-demos"):
        refuse_private([real, imported])
    assert refuse_private([]) == []


@given(before=st.text(max_size=30), after=st.text(max_size=30), start=st.integers(0, 6))
def test_a_quoted_run_of_words_is_found_anywhere(before: str, after: str, start: int) -> None:
    words = MINE.query.split()
    quoted = " ".join(words[start : start + 6])
    assert any(leak.scenario == "mine" for leak in leaked(f"{before} {quoted} {after}", [MINE]))
