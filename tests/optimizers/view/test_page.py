"""The page of conversations: all that people and models said is text on it, and nothing but its own script may run."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from benchmark import Scenario, Verdict, evaluate
from benchmark.evaluation.episode import Episode, Provenance
from lms import LanguageModels
from modules import RAISE, Vanilla
from optimizers.view.page import policy_of, talk_of, write_view
from optimizers.view.source import Shown
from signatures import SCORE_DIMENSIONS, StopReason, Turn

REAL = Provenance(program="raise", target="openai/a", judge="openai/b", user="openai/a", data_hash="abc")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \u2028 policy-of-this-page"


def data_in(page: str) -> Any:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture
def hostile(test_scenarios: list[Scenario]) -> Episode:
    scenario = test_scenarios[0].model_copy(update={"query": HOSTILE, "domain": HOSTILE})
    return Episode(
        provenance=REAL.model_copy(update={"program": HOSTILE}),
        scenario=scenario,
        verdict=Verdict(dict.fromkeys(SCORE_DIMENSIONS, 2), dict.fromkeys(SCORE_DIMENSIONS, HOSTILE)),
        response=HOSTILE,
        n_queries=1,
        turns=(Turn(attribute="age", question=HOSTILE, answer=HOSTILE, why=HOSTILE, heard={"age": HOSTILE}),),
        stop_reason=StopReason.SUFFICIENT,
    )


def test_words_cannot_become_markup_and_come_back_whole(hostile: Episode) -> None:
    page = write_view(Shown("all", [hostile]), served=False)
    assert len(re.findall(r"<script\b", page)) == 2
    assert "<img" not in page
    talk = data_in(page)["talks"][0]
    assert talk["query"] == talk["response"] == talk["turns"][0]["question"] == HOSTILE
    assert data_in(page)["lines"][0]["program"] == HOSTILE


def test_the_policy_allows_the_page_s_own_script_and_style_alone(hostile: Episode) -> None:
    page = write_view(Shown("all", [hostile]), served=False)
    policy = policy_of(page)
    assert policy in page.replace("&#39;", "'")
    assert 'content="policy-of-this-page"' not in page
    for kind in ("script", "style"):
        (text,) = re.findall(rf"<{kind}>(.*?)</{kind}>", page, re.DOTALL)
        assert f"{kind}-src 'sha256-{b64encode(sha256(text.encode()).digest()).decode()}';" in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\son\w+=", text)
    assert not re.findall(r"https?://", page.replace(HOSTILE, ""))


def test_a_talk_has_what_is_to_be_read(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    episode = evaluate(RAISE(), test_scenarios[:1], models=models, name="raise", data_hash="abc").episodes[0]
    talk = talk_of(0, episode)
    assert talk.turns == episode.turns
    assert all(turn.why for turn in talk.turns)
    assert [score.dimension for score in talk.scores] == list(SCORE_DIMENSIONS)
    assert all(score.reason for score in talk.scores)
    facts = dict(talk.facts)
    assert (facts["data hash"], facts["judge"]) == ("abc", "sim/judge")


def test_simulated_is_told_and_only_where_it_is_true(
    models: LanguageModels, test_scenarios: list[Scenario], hostile: Episode
) -> None:
    done = evaluate(Vanilla(), test_scenarios[:1], models=models, name="vanilla").episodes
    assert "SIMULATED" in write_view(Shown("all", done), served=True)
    assert "SIMULATED" not in write_view(Shown("all", [hostile]), served=True)


def test_a_served_page_leaves_the_talks_to_the_server(models: LanguageModels, test_scenarios: list[Scenario]) -> None:
    done = evaluate(Vanilla(), test_scenarios[:2], models=models, name="vanilla").episodes
    page = write_view(Shown("all", done), served=True)
    assert data_in(page)["talks"] == []
    assert str(done[0].response) not in page


def test_words_of_real_people_can_be_left_out(hostile: Episode) -> None:
    private = hostile.model_copy(update={"scenario": hostile.scenario.model_copy(update={"source": "reddit"})})
    shown = Shown("all", [private, hostile]).without_private_words()
    talks = data_in(write_view(shown, served=False))["talks"]
    assert HOSTILE not in json.dumps({name: talks[0][name] for name in ("query", "response", "turns", "profile")})
    assert talks[1]["query"] == HOSTILE
