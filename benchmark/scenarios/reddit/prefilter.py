"""The cheap prefilter: throws out what cannot become a scenario, before any model is asked. No model, no network."""

import re

from benchmark.scenarios.reddit.cues import WORD, Cues
from benchmark.scenarios.reddit.dumps import Post
from benchmark.scenarios.reddit.tables import Looks, compiled, found, looks, words
from benchmark.scenarios.reddit.yields import Drop

_GONE = frozenset({"[deleted]", "[removed]", "[deleted by user]", "[ removed by reddit ]"})
_BOT = re.compile(r"automoderator|.*(?:[-_]?modteam|[-_]bot|^bot[-_].*|(?<=[a-z])Bot)", re.IGNORECASE)
_FIRST_PERSON = frozenset({"i", "me", "my", "mine", "myself", "im", "ive", "i'm", "i've", "i'd", "i'll"})
LONGEST_WORD, SHORTEST_WORD = 8, 2
"""Characters a word, on average, with the blank: what is longer is no prose, what is shorter cannot be enough words."""


class Prefilter:
    """Decides post by post.

    Args:
        wanted: what to look for; as shipped by default.
    """

    def __init__(self, wanted: Looks | None = None) -> None:
        self.wanted = wanted or looks()
        self._cues = Cues(self.wanted)
        self._question, self._minor = compiled(self.wanted.question.patterns), compiled(self.wanted.minor.patterns)
        plain = words().set_of("function")
        self._function = (
            plain | {f"{word[:-1]}'{word[-1]}" for word in plain} | {"don't", "can't", "i'm", "it's", "i've"}
        )

    def refusal(self, post: Post) -> Drop | None:
        """Why ``post`` is of no use, or None if a model should look at it. Cheap questions come first."""
        return self._by_flags(post) or self._by_text(post)

    @staticmethod
    def _by_flags(post: Post) -> Drop | None:
        text = post.text.strip()
        if text.lower() in _GONE or post.removed or post.title.strip().lower() in _GONE:
            return Drop.DELETED
        if not post.author or post.author.lower() in _GONE:
            return Drop.GONE
        if post.stickied or post.by_staff or _BOT.fullmatch(post.author):
            return Drop.STAFF
        if post.over_18:
            return Drop.NSFW
        return None if text else Drop.NO_TEXT

    def _by_text(self, post: Post) -> Drop | None:
        limits, length = self.wanted.limits, len(post.title) + len(post.text)
        if length > limits.most_words * LONGEST_WORD:
            return Drop.LONG
        if length < limits.least_words * SHORTEST_WORD:
            return Drop.SHORT
        text = fold(whole_text(post))
        said = WORD.findall(text)
        return self._by_words(said) or self._by_content(text, said)

    def _by_words(self, said: list[str]) -> Drop | None:
        limits = self.wanted.limits
        if len(said) > limits.most_words:
            return Drop.LONG
        if len(said) < limits.least_words:
            return Drop.SHORT
        if sum(map(self._function.__contains__, said)) < limits.english * len(said):
            return Drop.LANGUAGE
        return None if sum(map(_FIRST_PERSON.__contains__, said)) >= limits.first_person else Drop.THIRD_PERSON

    def _by_content(self, text: str, said: list[str]) -> Drop | None:
        if self.told_young(text):
            return Drop.MINOR
        if not found(self._question, text):
            return Drop.NO_QUESTION
        enough = self.wanted.limits.cues
        return None if self._cues.count(text, said, enough) >= enough else Drop.FEW_CUES

    def told_young(self, text: str) -> bool:
        """Whether somebody under 18 seems to be writing ``text``."""
        plain = fold(text)
        return any(sign in plain for sign in self.wanted.minor.signs) and found(self._minor, plain)


def whole_text(post: Post) -> str:
    """Title and text."""
    return f"{post.title}\n{post.text}"


def fold(text: str) -> str:
    """Text as patterns want it: lower case, apostrophes plain."""
    return text.replace("&amp;", "&").replace("\u2019", "'").lower()
