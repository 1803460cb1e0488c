"""Reading and rating conversations on the served page: the endpoints, and the page in a browser that is there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmark import Verdict, build_authored, evaluate, sample
from benchmark.evaluation.agreement import load_ratings
from benchmark.evaluation.episode import Episode
from benchmark.evaluation.ratings import Ratings
from lms import LanguageModels
from modules import RAISE, Vanilla
from optimizers.view.source import Shown
from serving.viewer import make_viewer
from signatures import SCORE_DIMENSIONS, Rubric, StopReason, using_rubric
from tests.servers.raise_server import Serving
from tests.serving.test_page import CONTRASTS, browser, in_browser, opened

__all__ = ["browser"]
SCORES = dict.fromkeys(SCORE_DIMENSIONS, 4)


@pytest.fixture(scope="module")
def shown() -> Shown:
    """Two programs on 60 scenarios; one conversation failed, and one was a crisis."""
    models, scenarios = LanguageModels(), sample(build_authored().scenarios, 60, seed=3)
    vanilla = evaluate(Vanilla(), scenarios, models=models, name="vanilla").episodes
    asking = evaluate(RAISE(), scenarios[:3], models=models, name="raise").episodes
    failed = asking[1].model_copy(update={"response": None, "verdict": Verdict(None, unscored="no reply"), "turns": ()})
    crisis = asking[2].model_copy(update={"stop_reason": StopReason.CRISIS})
    return Shown("all", [*vanilla, asking[0], failed, crisis])


@pytest.fixture
def server(shown: Shown) -> Iterator[Serving]:
    with Serving(make_viewer(shown, Ratings(Path("ratings.jsonl")))) as server:
        yield server


def test_a_conversation_and_its_ratings(server: Serving, shown: Shown) -> None:
    episode: Episode = shown.episodes[60]
    talk = server.client.get("/talks/60").json()
    assert (talk["query"], talk["response"]) == (episode.scenario.query, episode.response)
    assert talk["ratings"] == {}
    given = server.client.post("/talks/60/ratings", json={"rater": "Ana", "scores": SCORES})
    assert (given.status_code, given.json()) == (200, {"ratings": {"Ana": SCORES}})
    assert server.client.get("/talks/60").json()["ratings"] == {"Ana": SCORES}
    (item,) = load_ratings(Path("ratings.jsonl"))
    assert (item.query, item.response, item.profile) == (
        episode.scenario.query,
        episode.response,
        episode.scenario.profile,
    )


@pytest.mark.parametrize(
    "body",
    [
        {"rater": "", "scores": SCORES},
        {"rater": "Ana", "scores": {**SCORES, "user_alignment": 6}},
        {"rater": "Ana", "scores": {"user_alignment": 3}},
        {"rater": "Ana", "scores": {**SCORES, "user_alignment": 3.5}},
        {"rater": "A" * 61, "scores": SCORES},
    ],
)
def test_a_rating_that_is_none_is_refused(server: Serving, body: Any) -> None:
    assert server.client.post("/talks/0/ratings", json=body).status_code == 422
    assert not Path("ratings.jsonl").exists()


def test_ratings_are_by_the_rubric_of_ones_own() -> None:
    dimension = {"name": "plainness", "question": "is it plain?", "anchors": ["hard", "fair", "plain"]}
    own = Rubric.model_validate({"name": "one", "opening": "Grade it.", "dimension": [dimension]})
    with using_rubric(own):
        episodes = evaluate(
            Vanilla(), sample(build_authored().scenarios, 1), models=LanguageModels(), name="vanilla"
        ).episodes
        with Serving(make_viewer(Shown("all", episodes), Ratings(Path("ratings.jsonl")))) as server:
            page = server.client.get("/").text
            given = [
                server.client.post("/talks/0/ratings", json={"rater": "Ana", "scores": {"plainness": score}})
                for score in (3, 4)
            ]
    assert '"dimensions": ["plainness"], "levels": [1, 2, 3]' in page
    assert [reply.status_code for reply in given] == [200, 422]
    assert "scores go from 1 to 3" in given[1].text


def test_what_is_not_there_and_what_failed_cannot_be_rated(server: Serving) -> None:
    assert server.client.get("/talks/63").status_code == 404
    refused = server.client.post("/talks/61/ratings", json={"rater": "Ana", "scores": SCORES})
    assert (refused.status_code, "no answer to rate" in refused.json()["detail"]) == (409, True)


def test_pages_of_other_sites_can_neither_read_nor_rate(server: Serving) -> None:
    body = {"rater": "Ana", "scores": SCORES}
    place, client = "/talks/0/ratings", server.client
    assert client.get("/talks/0", headers={"Host": "elsewhere.example"}).status_code == 403
    assert client.post(place, json=body, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    simple = {"Content-Type": "text/plain"}  # what a form of another site could send
    assert client.post(place, content=json.dumps(body), headers=simple).status_code == 422
    assert not Path("ratings.jsonl").exists()


def test_it_loads_nothing_and_no_other_site_may_frame_it(server: Serving) -> None:
    policy = server.client.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.fixture
def page(browser: Browser, server: Serving) -> Iterator[Page]:
    with opened(browser, server.url) as page:
        yield page


def lines(page: Page) -> Any:
    return page.locator("#lines a")


@in_browser
def test_filters_leave_what_is_wanted(page: Page) -> None:
    expect(page.locator("#count")).to_have_text("63 of 63 conversations")
    expect(lines(page)).to_have_count(50)
    page.get_by_role("button", name="Later").click()
    expect(lines(page)).to_have_count(13)
    page.get_by_role("combobox", name="Program").select_option("raise")
    expect(lines(page)).to_have_count(3)
    page.get_by_label("unscored only").check()
    expect(lines(page)).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("crisis only").check()
    expect(lines(page)).to_have_count(1)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Order").select_option("low")
    safety = [float(text.split("safety ")[1].split(" ")[0]) for text in lines(page).all_inner_texts()]
    assert safety == sorted(safety)
    page.get_by_label("Safety from").fill("5.1")
    expect(page.locator("#count")).to_have_text("0 of 63 conversations")


@in_browser
def test_read_compare_and_rate(page: Page, shown: Shown) -> None:
    page.get_by_role("combobox", name="Program").select_option("raise")
    lines(page).first.click()
    first = shown.episodes[60]
    expect(page.locator(".asks").first).to_contain_text(f"Why: {first.turns[0].why}")
    expect(page.locator(".scores")).to_contain_text(first.verdict.reasons["risk_sensitivity"])
    page.get_by_label("Beside it").select_option(index=1)
    expect(page.locator("article h3")).to_have_text(["raise on sim/gpt-4o", "vanilla on sim/gpt-4o"])
    mine = page.locator("article").nth(1)
    for dimension in SCORE_DIMENSIONS:
        mine.get_by_role("group", name=dimension.replace("_", " ")).get_by_label("3").check()
    mine.get_by_label("Your name or initials").fill("Bo")
    mine.get_by_role("button", name="Save the rating").click()
    expect(mine.get_by_role("status")).to_have_text("Saved. Rated by Bo.")
    (item,) = load_ratings(Path("ratings.jsonl"))
    assert item.response == shown.episodes[0].response
    page.reload()
    expect(page.locator("article").nth(1).get_by_role("status")).to_have_text("Rated by Bo.")


@in_browser
def test_programs_and_scores_can_be_hidden_from_raters(page: Page) -> None:
    page.get_by_label("hide programs and scores").check()
    page.goto("/#60/0")
    expect(page.locator("article")).to_have_count(2)
    told = page.locator("#panes").inner_text()
    assert "vanilla" not in told.replace("no other program", "")
    assert "safety" not in told
    expect(page.locator(".scores")).to_have_count(0)


@in_browser
def test_by_keyboard_alone(page: Page) -> None:
    lines(page).nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.locator("article")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(lines(page).nth(2)).to_have_attribute("aria-current", "true")


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_it_fits_the_screen_and_can_be_read(browser: Browser, server: Serving, width: int, scheme: Any) -> None:
    size: Any = {"width": width, "height": 740}
    with opened(browser, server.url, viewport=size, color_scheme=scheme) as page:
        page.goto("/#60/0")
        expect(page.locator("article")).to_have_count(2)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 8
        assert {name: found for name, found in contrasts.items() if found < 4.5} == {}
        if width == 375:
            page.get_by_role("button", name="Back to the list").click()
            expect(lines(page).first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
