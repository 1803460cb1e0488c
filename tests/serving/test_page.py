"""The chat page: what it may load, and, in a browser that is there already, how it is used."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from modules import RAISE, AgentSettings
from modules.crisis.guard import help_first
from modules.languages.texts import texts_in
from serving.members import Member
from serving.page import FOLDER
from tests.modules.scripted import QUERY
from tests.servers.openai_server import Fault, OpenAIServer
from tests.servers.raise_server import RaiseServer
from tests.serving.test_operation import upstream

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
in_browser = pytest.mark.skipif(CHROMIUM is None, reason="this machine has no Chromium")
PATIENCE = 60_000.0
"""Milliseconds that a busy machine may take."""


def test_it_loads_nothing_from_elsewhere_and_runs_no_other_script(raise_server: RaiseServer) -> None:
    for path, kind in (("/", "text/html"), ("/chat.css", "text/css"), ("/chat.js", "text/javascript")):
        reply = raise_server.client.get(path)
        assert reply.status_code == 200
        assert reply.headers["content-type"].startswith(kind)
        policy = reply.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
    text = "\n".join(file.read_text(encoding="utf-8") for file in FOLDER.iterdir())
    assert re.findall(r"https?://[^\s\"'<]+", text) == ["https://findahelpline.com"]  # a link, which nobody need follow
    assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|\son\w+=", text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def front() -> Iterator[RaiseServer]:
    """Two members: one that asks, and one that answers at once."""
    members = (
        Member("raise", RAISE(settings=AgentSettings(country="GB")), 4.2, 2.5),
        Member("raise-at-once", RAISE(settings=AgentSettings(budget=0.0)), 3.1, 0.0),
    )
    with RaiseServer(members) as server:
        yield server


@pytest.fixture
def page(browser: Browser, front: RaiseServer) -> Iterator[Page]:
    """The page, opened; whatever it logs as an error fails the test."""
    with opened(browser, front.url) as page:
        yield page


class opened:  # noqa: N801  a context manager
    """A page in a window of its own; errors of its scripts, and requests to elsewhere, fail the test."""

    def __init__(
        self, browser: Browser, url: str, hold: tuple[str, Callable[[Route], object]] | None = None, **options: Any
    ) -> None:
        self._context = browser.new_context(base_url=url, **options)
        if hold:
            self._context.route(*hold)
        self._context.set_default_timeout(PATIENCE)
        self._url, self._wrong = url, list[str]()

    def __enter__(self) -> Page:
        page = self._context.new_page()
        page.on("pageerror", lambda error: self._wrong.append(str(error)))
        page.on("console", lambda said: self._wrong.append(said.text) if "Content Security" in said.text else None)
        page.on("request", lambda sent: self._wrong.append(sent.url) if self._is_elsewhere(sent.url) else None)
        page.goto("/")
        return page

    def _is_elsewhere(self, url: str) -> bool:
        return not url.startswith((self._url, "data:"))

    def __exit__(self, *error: object) -> None:
        self._context.close()
        assert self._wrong == []


expect.set_options(timeout=PATIENCE)


def say(page: Page, words: str) -> None:
    page.get_by_label("Your message").fill(words)
    page.keyboard.press("Enter")


def replies(page: Page) -> Any:
    return page.locator(".said.assistant")


@in_browser
def test_ask_why_skip_reload_and_start_over(page: Page) -> None:
    say(page, QUERY)
    expect(page.get_by_role("button", name="Skip")).to_be_visible()
    page.get_by_role("button", name="Why do you ask?").click()
    expect(page.locator(".why")).to_have_text("It helps to know: physical health. You need not say.")
    page.get_by_role("button", name="Skip").click()
    expect(replies(page)).to_have_count(2)
    expect(page.locator("#facts")).to_contain_text("you would rather not say")
    page.get_by_label("Your message").fill("I'm in debt.\n<img src=x onerror=alert(1)>")
    page.get_by_role("button", name="Send").click()
    expect(replies(page)).to_have_count(3)
    expect(page.locator(".said img")).to_have_count(0)
    expect(page.locator("#facts")).to_contain_text("in debt")
    before = page.locator(".said p[dir]").all_inner_texts()
    page.reload()
    expect(page.locator(".said")).to_have_count(len(before))
    assert page.locator(".said p[dir]").all_inner_texts() == before
    expect(page.get_by_role("button", name="Skip")).to_be_visible()
    page.get_by_role("button", name="Start over").click()
    expect(page.locator(".said")).to_have_count(0)
    page.reload()
    expect(page.locator("#welcome")).to_be_visible()
    expect(page.locator(".said")).to_have_count(0)


@in_browser
def test_danger_gets_the_help_card(page: Page) -> None:
    say(page, "I want to kill myself tonight.")
    expect(page.get_by_role("heading", name="Help now")).to_be_visible()
    expect(page.locator(".help")).to_contain_text("116 123")
    expect(page.get_by_role("button", name="Skip")).to_have_count(0)


@in_browser
def test_the_model_is_chosen(page: Page) -> None:
    expect(page.get_by_label("Model")).to_contain_text("raise (2.5 questions)")
    page.get_by_label("Model").select_option("raise-at-once")
    say(page, QUERY)
    expect(replies(page)).to_have_count(1)
    expect(page.get_by_role("button", name="Skip")).to_have_count(0)


@in_browser
def test_by_keyboard_alone(page: Page) -> None:
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.type("Should I")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("quit my job?")
    page.keyboard.press("Enter")
    expect(page.locator(".user p")).to_have_text("Should I\nquit my job?", use_inner_text=True)
    expect(page.get_by_role("button", name="Skip")).to_be_visible()
    skip = page.get_by_role("button", name="Skip")
    for _ in range(12):
        page.keyboard.press("Shift+Tab")
        if skip.evaluate("button => button === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(replies(page)).to_have_count(2)


@in_browser
def test_a_key_is_asked_for(browser: Browser) -> None:
    with RaiseServer(key="s3cret") as server, opened(browser, server.url) as page:
        page.get_by_label("API key").fill("wrong")
        page.keyboard.press("Enter")
        page.get_by_label("API key").fill("s3cret")
        page.get_by_role("button", name="Use it").click()
        expect(page.get_by_label("Model")).to_contain_text("raise")
        say(page, QUERY)
        expect(replies(page)).to_have_count(1)


@in_browser
def test_when_the_model_fails_the_words_are_not_lost(browser: Browser) -> None:
    with (
        OpenAIServer(faults=lambda index, body: Fault.UNAUTHORIZED if index < 2 else None) as flaky,
        RaiseServer(models=upstream(flaky.url)) as server,
        opened(browser, server.url) as page,
    ):
        say(page, QUERY)
        expect(page.get_by_role("status")).to_contain_text("the language model cannot be had")
        expect(page.get_by_label("Your message")).to_have_value(QUERY)
        page.get_by_role("button", name="Send").click()
        expect(replies(page)).to_have_count(1)
        expect(page.get_by_role("status")).to_have_text("")


@in_browser
def test_who_writes_before_the_page_has_loaded_its_texts_is_answered(browser: Browser, front: RaiseServer) -> None:
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    with opened(browser, front.url, hold=("**/texts.json", keep)) as page:
        page.get_by_label("Your message").fill(QUERY)
        page.get_by_label("Your message").press("Enter")
        expect(page.get_by_role("button", name="Send")).to_be_disabled()
        held[0].continue_()
        expect(page.get_by_role("button", name="Skip")).to_be_visible()
        expect(page.locator(".said")).to_have_count(2)


@in_browser
def test_a_server_that_has_no_texts_is_told_and_the_words_are_not_lost(browser: Browser, front: RaiseServer) -> None:
    with opened(browser, front.url, hold=("**/texts.json", lambda route: route.abort())) as page:
        expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
        page.get_by_label("Your message").fill(QUERY)
        page.get_by_label("Your message").press("Enter")
        expect(page.get_by_role("button", name="Send")).to_be_enabled()
        expect(page.get_by_label("Your message")).to_have_value(QUERY)


@in_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1280])
def test_it_fits_the_screen_and_can_be_read(browser: Browser, front: RaiseServer, width: int, scheme: Any) -> None:
    size: Any = {"width": width, "height": 740}
    with opened(browser, front.url, viewport=size, color_scheme=scheme) as page:
        say(page, QUERY)
        expect(page.get_by_role("button", name="Skip")).to_be_visible()
        assert page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth && document.body.scrollHeight <= innerHeight"
        )
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 8
        assert {name: found for name, found in contrasts.items() if found < 4.5} == {}


CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text(encoding="utf-8")
"""A function that returns the contrast of each text on the page with what is behind it (WCAG 2)."""


ARABIC = "هل أخبر مديري أنني سأترك العمل قبل أن أوقع العقد الجديد؟"


@in_browser
def test_the_page_speaks_the_language_of_the_conversation(browser: Browser, front: RaiseServer) -> None:
    texts = texts_in("ar")
    with opened(browser, front.url, locale="en-GB") as page:
        expect(page.locator("html")).to_have_attribute("dir", "ltr")
        say(page, ARABIC)
        page.get_by_role("button", name=texts.page["why"], exact=True).click()
        expect(page.locator(".why")).to_contain_text(texts.page["because"].partition(":")[0])
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        expect(page.locator("html")).to_have_attribute("lang", "ar")
        assert replies(page).locator("p").first.evaluate("each => getComputedStyle(each).direction") == "rtl"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("button", name=texts.page["skip"], exact=True).click()
        expect(page.locator("#facts")).to_contain_text(texts.page["declined"])
        page.reload()
        expect(page.locator("html")).to_have_attribute("dir", "rtl")
        page.get_by_role("button", name=texts.page["new"]).click()
        expect(page.locator("html")).to_have_attribute("dir", "ltr")


@in_browser
def test_the_browser_s_language_is_for_the_page_and_never_for_contacts(browser: Browser, front: RaiseServer) -> None:
    with opened(browser, front.url, locale="fr-FR") as page:
        expect(page.locator("#send")).to_have_text(texts_in("fr").page["send"])
        page.locator("#words").fill("je veux mourir ce soir")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name=texts_in("fr").page["help"])).to_be_visible()
        expect(replies(page).locator("p")).to_have_text(help_first("GB", None, "fr"))
