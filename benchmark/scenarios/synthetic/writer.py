"""Asks a model for situations, people and questions, checks what comes, and asks again with the faults named."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import dspy
import numpy as np
from dspy.utils.exceptions import AdapterParseError

from benchmark.jobs.budget import Budget
from benchmark.scenarios.own import draw_unlike
from benchmark.scenarios.similarity import ALIKE_ACROSS, near_copy, tidy
from benchmark.scenarios.synthetic import people
from benchmark.scenarios.synthetic.checks import Problem, language_problem, query_problem, situation_problem
from benchmark.scenarios.synthetic.people import FREE, Values
from lms.whole import IncompleteReplyError
from modules.languages.detection import ENGLISH
from signatures import CompleteProfile, Profile, WriteProfile, WriteQueries, WriteSituations, current_vocabulary
from signatures.identity import content_id

NOTHING = "(none)"
CALM = "\nThis person is calm and at low risk, and so is what they feel."
SHOWN = 12
"""Faults named in one prompt, at most."""
SAMPLES = 100
"""Samples a seed has for one prompt; more attempts than that nobody makes."""


@dataclass
class Batch:
    """Texts of one kind, and what it took to get them.

    Attributes:
        accepted: those that passed.
        dropped: those that did not, with the kind of fault.
        asked: times the model was asked.
        unreadable: replies without a readable list.
        note: the sentence that the model gave with its first readable list.
    """

    accepted: list[str] = field(default_factory=list)
    dropped: list[list[str]] = field(default_factory=list)
    asked: int = 0
    unreadable: int = 0
    note: str = ""


@dataclass
class Person:
    """A person, and what it took.

    Attributes:
        values: attribute -> value, all of them; empty if there is no person.
        how: written (as the model said), repaired (in part drawn from the graph), drawn (all of it, by a vocabulary of
            one's own), failed.
        violations: kinds of fault in the attempts, in order.
        asked, unreadable: as of a batch.
        reason: why there is none.
    """

    values: Values = field(default_factory=dict)
    how: str = "failed"
    violations: list[str] = field(default_factory=list)
    asked: int = 0
    unreadable: int = 0
    reason: str = ""


Said = tuple[list[str], str]
"""Texts, and the sentence that came with them."""
Ask = Callable[[int, int, list[str], str], Said | None]
"""(attempt, how many, texts accepted so far, problems) -> what was said, None if unreadable."""


def collect(ask: Ask, check: Callable[[str, list[str]], Problem | None], count: int, tries: int) -> Batch:
    """Ask for ``count`` texts until all pass ``check``, at most ``tries`` times; what a reply has beyond is left."""
    batch = Batch()
    problems: list[str] = []
    for attempt in range(tries):
        missing = count - len(batch.accepted)
        if missing <= 0:
            break
        said = ask(attempt, missing, list(batch.accepted), _lines(problems, SHOWN))
        batch.asked += 1
        if said is None:
            batch.unreadable += 1
            continue
        texts, note = said
        batch.note = batch.note or tidy(note)
        problems = []
        for text in map(tidy, texts):
            if len(batch.accepted) == count:
                break
            problem = check(text, batch.accepted)
            if problem is None:
                batch.accepted.append(text)
            else:
                batch.dropped.append([text, problem[0]])
                problems.append(f"{text[:80]!r}: {problem[1]}")
    return batch


def _lines(texts: Sequence[str], most: int | None = None) -> str:
    return "\n".join(f"- {text}" for text in texts[:most]) or NOTHING


class Writer:
    """One model that writes a data set.

    Args:
        seed: another seed, other people settled and other samples of the same prompts.
        tries: times to ask for the same thing, at most.
        budget: asked before each call; a step in which it ends raises ``BudgetSpent``.
        language: ISO 639-1 code of the language of situations and questions.
    """

    def __init__(self, lm: dspy.LM, *, seed: int, tries: int, budget: Budget, language: str = ENGLISH) -> None:
        self._lm, self._seed, self._tries, self._budget, self._language = lm, seed, tries, budget, language
        self._situations = _predictor(WriteSituations, language)
        self._profile = dspy.Predict(WriteProfile if current_vocabulary().is_default else CompleteProfile)
        self._queries = _predictor(WriteQueries, language)

    def prompts(self) -> list[str]:
        """The instructions in use, for what depends on them."""
        return [p.signature.instructions for p in (self._situations, self._profile, self._queries)]

    def _ask(self, predictor: dspy.Predict, attempt: int, **inputs: Any) -> dspy.Prediction | None:
        self._budget.check()
        sample = self._seed * SAMPLES + attempt
        try:
            return predictor(**inputs, lm=self._lm, config={"rollout_id": sample} if sample else {})
        except (AdapterParseError, IncompleteReplyError):  # dspy has asked twice by now, in two formats
            return None

    def situations(self, domain: str, area: str, count: int, taken: Sequence[str]) -> Batch:
        """``count`` situations of an area, none like those ``taken``."""

        def ask(attempt: int, missing: int, accepted: list[str], problems: str) -> Said | None:
            written = _lines([*taken, *accepted])
            said = self._ask(
                self._situations, attempt, domain=domain, area=area, count=missing, written=written, problems=problems
            )
            return said and (said.situations, said.people)

        def check(text: str, written: list[str]) -> Problem | None:
            return situation_problem(text, [*taken, *written]) or language_problem(text, self._language)

        return collect(ask, check, count, self._tries)

    def queries(self, situation: str, count: int, own: Sequence[str] = (), elsewhere: Sequence[str] = ()) -> Batch:
        """``count`` questions of people in ``situation``.

        Args:
            own: questions that the situation has already.
            elsewhere: those of other situations.
        """

        def ask(attempt: int, missing: int, accepted: list[str], problems: str) -> Said | None:
            written = _lines([*own, *accepted])
            said = self._ask(
                self._queries, attempt, situation=situation, count=missing, written=written, problems=problems
            )
            return said and (said.queries, said.risk)

        def check(text: str, accepted: list[str]) -> Problem | None:
            if problem := query_problem(text, situation, [*own, *accepted]) or language_problem(text, self._language):
                return problem
            other = near_copy(text, elsewhere, ALIKE_ACROSS)
            return ("near-copy elsewhere", f"it is too much like {other!r}") if other else None

        return collect(ask, check, count, self._tries)

    def person(self, domain: str, situation: str, number: int, others: Sequence[Profile], *, calm: bool) -> Person:
        """The ``number``-th person of a situation, unlike ``others``; what never fits is drawn from the graph.

        Of a vocabulary other than PENGUIN's, its file settles what it lists values for, and the model writes the rest.
        """
        place = int(content_id(domain, situation), 16)
        rng = np.random.default_rng([self._seed, place, number])
        if not current_vocabulary().is_default:
            return self._own_person(situation, others, rng)
        settled = people.settle(domain, rng, calm=calm)
        person = Person()
        best: Values = {}
        problems: list[Problem] = []
        for attempt in range(self._tries):
            said = self._ask(
                self._profile,
                attempt,
                situation=situation,
                attributes=people.attribute_list(),
                settled=people.list_values(settled) + (CALM if calm else ""),
                others=_lines(["; ".join(other.known().values()) for other in others]),
                problems=_lines([sentence for _, sentence in problems], SHOWN),
            )
            person.asked += 1
            if said is None:
                person.unreadable += 1
                continue
            values, problems = people.read_person(said.person)
            problems += people.problems_of(domain, values, settled, others)
            person.violations += [kind for kind, _ in problems]
            if not problems:
                person.values, person.how = values, "written"
                return person
            best = values if FREE in values or not best else best
        repaired = people.repair_person(domain, best, settled, others, rng)
        if repaired:
            person.values, person.how = repaired, "repaired"
        else:
            person.reason = problems[0][1] if problems else "no reply could be read"
        return person

    def _own_person(self, situation: str, others: Sequence[Profile], rng: np.random.Generator) -> Person:
        """Somebody of a vocabulary of one's own."""
        settled = draw_unlike(current_vocabulary(), [other.known() for other in others], rng)
        person, problems = Person(), list[str]()
        free = [attribute for attribute in current_vocabulary().attributes if attribute.name not in settled]
        if not free:
            person.values, person.how = settled, "drawn"
            return person
        for attempt in range(self._tries):
            said = self._ask(
                self._profile,
                attempt,
                situation=situation,
                attributes="\n".join(f"- {attribute.name}: {attribute.meaning}" for attribute in free),
                settled=people.list_values(settled) or NOTHING,
                others=_lines(["; ".join(other.known().values()) for other in others]),
                problems=_lines(problems, SHOWN),
            )
            person.asked += 1
            if said is None:
                person.unreadable += 1
                continue
            told = {str(name): tidy(value) for name, value in said.person.items() if value is not None}
            missing = [attribute.name for attribute in free if not told.get(attribute.name)]
            person.violations += [f"value missing: {name}" for name in missing]
            if not missing:
                person.values, person.how = {**settled, **{a.name: told[a.name] for a in free}}, "written"
                return person
            problems = [f"{name}: it is missing" for name in missing]
        person.reason = problems[0] if problems else "no reply could be read"
        return person


def _predictor(signature: type[dspy.Signature], language: str) -> dspy.Predict:
    """The predictor of a writer, told the language unless that is English."""
    if language != ENGLISH:
        told = f"{signature.instructions}\n\nWrite in the language with the ISO 639-1 code {language}."
        signature = signature.with_instructions(told)
    return dspy.Predict(signature)
