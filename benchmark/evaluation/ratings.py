"""Scores that people give to responses while they read them, in the file that ``raise judge-agreement`` takes."""

import threading
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from benchmark.evaluation.agreement import RatedResponse, Rating, load_ratings, rating_by
from benchmark.evaluation.episode import Episode
from modules.files import replacing
from signatures import RaiseError, current_rubric

FILE = "ratings.jsonl"
"""Its name in the folder of a store."""


class Ratings:
    """The ratings in one file; safe for threads and for several processes.

    Args:
        file: JSON Lines, as ``docs/judge.md`` has it; made with the first rating.

    Raises:
        RaiseError: if it holds something else.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._read()

    def _read(self) -> list[RatedResponse]:
        return load_ratings(self.file) if self.file.exists() else []

    def of(self, episode: Episode) -> Mapping[str, Mapping[str, float]]:
        """Rater -> dimension -> score of the episode's response."""
        return next((item.ratings for item in self._read() if _is_of(item, episode)), {})

    def put(self, episode: Episode, rater: str, scores: Mapping[str, int]) -> Mapping[str, Mapping[str, float]]:
        """Write a rating down; one that the rater gave before is replaced. Returns all of the response.

        Raises:
            RaiseError: if the episode has no response, or the rater no name.
        """
        if episode.response is None:
            raise RaiseError("there is no answer to rate: the conversation failed.")
        if not (name := rater.strip()):
            raise RaiseError("a rating needs a name: write yours, or initials.")
        scenario = episode.scenario
        with self._lock, FileLock(f"{self.file}.lock"):
            items = self._read()
            item = next((each for each in items if _is_of(each, episode)), None)
            if item is None:
                item = RatedResponse(scenario.query, scenario.profile, episode.response, scenario.situation)
                items.append(item)
            item.ratings[name] = {dimension: float(score) for dimension, score in scores.items()}
            with replacing(self.file, private=True) as out:
                out.writelines(f"{line.model_dump_json()}\n" for each in items for line in _lines(each))
            return item.ratings


def _is_of(item: RatedResponse, episode: Episode) -> bool:
    scenario = episode.scenario
    return (item.query, item.response) == (scenario.query, episode.response) and (
        item.profile.known() == scenario.profile.known()
    )


def _lines(item: RatedResponse) -> list[Rating]:
    rating = rating_by(current_rubric())
    return [
        rating(
            query=item.query,
            response=item.response,
            profile=item.profile,
            rater=rater,
            situation=item.situation,
            **{dimension: int(score) for dimension, score in scores.items()},
        )
        for rater, scores in item.ratings.items()
    ]
