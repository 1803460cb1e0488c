"""What holds for every stand-in: determinism, seeds and rollouts, both adapters, faults on demand, counted tokens."""

import asyncio
import json
import shutil
from pathlib import Path

import dspy
import pytest
from dspy.lm15 import Message, Request
from dspy.utils.exceptions import AdapterParseError

import lms.simulation
from lms.simulation import PERSONAS, StandIn, persona_named
from lms.simulation.engine import version
from signatures import (
    ATTRIBUTE_NAMES,
    AnswerAsUser,
    AskKindly,
    ChooseAttribute,
    EnoughBasic,
    EnoughBinary,
    EnoughScale,
    JudgeResponse,
    RankAttributes,
    ReadAnswer,
    RespondSafely,
    TriageRisk,
)
from tests.lms.simulation.asking import persona, predictor, stand_in

INPUTS = {
    "query": "Should I quit my job?",
    "context": "- age: 18-24 years\n- mental health status: severe depression",
    "profile": "- age: 18-24 years\n- mental health status: severe depression",
    "latest_words": "Should I quit my job?",
    "candidates": ", ".join(ATTRIBUTE_NAMES),
    "examples": '1. "Should I resign?": emotional_state, age (safety 4.2)',
    "subject": "age (age band in years)",
    "question": "How old are you?",
    "answer": "I'm 22.",
    "attributes": "- age: age band in years",
    "response": "It makes sense to ask. Start by talking to a therapist about the risk.",
}
SIGNATURES = (
    TriageRisk,
    EnoughScale,
    EnoughBinary,
    EnoughBasic,
    ChooseAttribute,
    RankAttributes,
    AskKindly,
    ReadAnswer,
    RespondSafely,
    JudgeResponse,
    AnswerAsUser,
)


def inputs_of(signature: type[dspy.Signature]) -> dict[str, str]:
    return {name: INPUTS[name] for name in signature.input_fields}


def request_of(signature: type[dspy.Signature], adapter: dspy.Adapter | None = None) -> Request:
    """The request that dspy sends for ``signature``."""
    system, *others = (adapter or dspy.ChatAdapter()).format(signature, [], inputs_of(signature))
    return Request(
        model="m", system=system["content"], messages=tuple(Message.user(message["content"]) for message in others)
    )


def texts(rollouts: int = 12, *, seed: int = 0, temperature: float = 1.0, name: str = "gpt-4o") -> list[str]:
    """Responses to one and the same question, rollout by rollout."""
    lm = stand_in(persona(name), seed=seed, temperature=temperature)
    respond = dspy.Predict(RespondSafely)
    return [str(respond(**inputs_of(RespondSafely), lm=lm, config={"rollout_id": n}).response) for n in range(rollouts)]


def test_the_same_persona_seed_messages_and_rollout_give_the_same_reply() -> None:
    assert texts() == texts()


def test_other_rollouts_are_other_samples_when_there_is_temperature() -> None:
    assert len(set(texts(20))) > 10


def test_another_seed_is_another_sample() -> None:
    assert texts(seed=0) != texts(seed=1)


def test_another_persona_answers_otherwise() -> None:
    assert texts(name="gpt-4o") != texts(name="mistral-7b")


def test_several_candidates_of_one_request_differ() -> None:
    lm = stand_in(persona("gpt-4o"), temperature=1.0)
    respond = dspy.Predict(RespondSafely)
    completions = respond(**inputs_of(RespondSafely), lm=lm, config={"n": 6}).completions.response
    assert len(completions) == 6
    assert len(set(completions)) > 2


def test_every_call_is_answered_in_both_forms_with_the_same_kind_of_values() -> None:
    for signature in SIGNATURES:
        kinds = []
        for adapter in (dspy.ChatAdapter(), dspy.JSONAdapter()):
            with dspy.context(adapter=adapter):
                reply = dspy.Predict(signature)(**inputs_of(signature), lm=stand_in(persona("gpt-4o")))
            assert set(reply.keys()) == set(signature.output_fields), signature
            assert all(str(value).strip() for value in reply.values()), signature
            kinds.append({name: type(value) for name, value in reply.items()})
        assert kinds[0] == kinds[1], signature


def test_demonstrations_in_json_count_like_those_in_chat() -> None:
    shown = {"query": "q", "context": "- age: 40", "response": "First, make a list. Set one date for this week."}
    respond = predictor(RespondSafely, demos=[shown] * 4)
    quiet = persona("gpt-4o", steps=0.0)
    for adapter in (dspy.ChatAdapter(), dspy.JSONAdapter()):
        with dspy.context(adapter=adapter):
            lm = stand_in(quiet, temperature=1.0)
            answers = [respond(**inputs_of(RespondSafely), lm=lm, config={"rollout_id": n}).response for n in range(60)]
        stepping = [a for a in answers if any(w in a for w in ("Start by", "First,", "Make a list", "Set a date"))]
        assert len(stepping) > 10  # none without demonstrations, since the persona never does so by itself


def test_async_replies_are_the_same() -> None:
    lm = stand_in(persona("gpt-4o"))
    respond = dspy.Predict(RespondSafely)
    later = asyncio.run(respond.acall(**inputs_of(RespondSafely), lm=lm))
    assert later.response == respond(**inputs_of(RespondSafely), lm=stand_in(persona("gpt-4o"))).response


def test_tokens_are_counted_on_both_sides() -> None:
    lm = stand_in(persona("gpt-4o"))
    dspy.Predict(RespondSafely)(**inputs_of(RespondSafely), lm=lm)
    short = lm.engine.ledger.snapshot().total()
    dspy.Predict(RespondSafely)(**{**inputs_of(RespondSafely), "query": "Should I quit? " * 400}, lm=lm)
    both = lm.engine.ledger.snapshot().total()
    assert short.input_tokens > 50
    assert short.output_tokens > 5
    # 400 repetitions of 15 characters at four characters a token: about 1,500 tokens more
    assert 1400 < both.input_tokens - 2 * short.input_tokens < 1600


# Faults on demand


def test_misread_replies_cannot_be_parsed() -> None:
    lm = stand_in(persona_named("gpt-4o?misread=1"))
    with pytest.raises(AdapterParseError):
        dspy.Predict(EnoughScale)(**inputs_of(EnoughScale), lm=lm)


def test_faults_come_at_about_the_rate_asked_for() -> None:
    lm = stand_in(persona_named("gpt-4o?misread=0&refuse=0.3"))
    ask = dspy.Predict(AskKindly)
    refused = 0
    for number in range(300):
        try:
            ask(query=f"question {number}", context="", subject="age", lm=lm)
        except AdapterParseError:
            refused += 1
    # dspy asks once more, as JSON, when a reply cannot be parsed: 0.3 x 0.3 = 0.09 fail; mean 27, standard deviation 5
    assert 12 <= refused <= 42


def test_a_truncated_reply_says_so() -> None:
    reply = StandIn(persona_named("gpt-4o?misread=0&truncate=1")).answer(request_of(RespondSafely))
    whole = StandIn(persona_named("gpt-4o?misread=0")).answer(request_of(RespondSafely))
    assert reply.finish_reason == "length"
    assert reply.text == whole.text[: len(whole.text) // 2]


def test_a_bare_prompt_is_answered_too() -> None:
    assert stand_in(persona("gpt-4o"))("Hello, who are you?")


def test_overrides_keep_the_other_traits() -> None:
    dull = persona_named("qwq-32b?acuity=0.1&learns=0")
    assert (dull.acuity, dull.learns) == (0.1, 0.0)
    assert dull.use == PERSONAS["qwq-32b"].use


@pytest.mark.parametrize(
    ("text", "error"), [("nobody", KeyError), ("gpt-4o?wit=1", KeyError), ("user?terse=x", ValueError)]
)
def test_what_is_no_persona_or_trait_is_refused(text: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        persona_named(text)


def test_a_reply_in_json_is_one_json_object() -> None:
    reply = StandIn(persona("gpt-4o")).answer(request_of(EnoughScale, dspy.JSONAdapter()))
    assert set(json.loads(reply.text)) == {"missing", "completeness"}


def test_whatever_changes_code_or_tables_changes_the_identity(tmp_path: Path) -> None:
    folder = Path(lms.simulation.__file__).parent
    versions = {version(Path(shutil.copytree(folder, tmp_path / "same")))}
    assert versions == {version()}
    assert version() in StandIn(PERSONAS["gpt-4o"]).identity
    files = [file.name for file in folder.iterdir() if file.is_file()]
    for name in files:
        changed = Path(shutil.copytree(folder, tmp_path / name.replace(".", "-")))
        (changed / name).write_text((changed / name).read_text(encoding="utf-8") + "# another\n", encoding="utf-8")
        versions.add(version(changed))
    assert len(versions) == 1 + len(files)
