"""What the teacher proposes, made into attributes; duplicates of what there is, and of each other, are left out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import dspy
from dspy.utils.exceptions import AdapterParseError
from pydantic import ValidationError

from benchmark.discovery.cases import batches_of, describe_cases
from benchmark.evaluation.episode import Episode
from benchmark.jobs.parallel import run_in_order
from benchmark.jobs.progress import OnProgress, ignore_progress
from lms import LanguageModels, Role
from lms.whole import IncompleteReplyError
from modules.embedding import TFIDF, similarity
from signatures import Attribute, Vocabulary
from signatures.discovery import ProposeAttributes, ProposedAttribute
from signatures.errors import first_problem

ALIKE = 0.5
"""Cosine similarity of label and meaning (TF-IDF) from which two attributes are the same."""
GROUP = "discovered"
"""Group of attributes that were found in this way."""


@dataclass(frozen=True)
class Rejection:
    """A proposal that is not tested.

    Attributes:
        label: as it was proposed.
        reason: why, for a table.
    """

    label: str
    reason: str


@dataclass(frozen=True)
class Proposals:
    """What was proposed.

    Attributes:
        attributes: to be tested, those first that most batches of cases gave rise to.
        votes: name -> batches that proposed it, or something like it.
        rejected: what is not tested.
        unreadable: batches to which the teacher gave no readable reply.
    """

    attributes: tuple[Attribute, ...]
    votes: dict[str, int]
    rejected: tuple[Rejection, ...]
    unreadable: int


def propose_attributes(
    cases: Sequence[Episode],
    vocabulary: Vocabulary,
    models: LanguageModels,
    *,
    most: int,
    concurrency: int = 1,
    progress: OnProgress = ignore_progress,
) -> Proposals:
    """Ask the teacher, batch by batch.

    Args:
        cases: weak answers, see ``choose_cases``.
        most: attributes that are kept, and that each batch is asked for.
    """
    ask = dspy.Predict(ProposeAttributes)

    def of_batch(batch: Sequence[Episode]) -> list[ProposedAttribute] | None:
        with models.context(Role.TEACHER):
            try:
                said = ask(known=vocabulary.meanings, cases=describe_cases(batch), count=most)
            except (AdapterParseError, IncompleteReplyError):  # counted
                return None
        return list(said.proposals)

    replies = run_in_order(of_batch, batches_of(cases), concurrency, progress, "proposing attributes")
    merged = merge_proposals([reply for reply in replies if reply is not None], vocabulary, most)
    return Proposals(merged.attributes, merged.votes, merged.rejected, sum(reply is None for reply in replies))


def merge_proposals(replies: Sequence[Sequence[ProposedAttribute]], vocabulary: Vocabulary, most: int) -> Proposals:
    """The different attributes among ``replies`` that ``vocabulary`` lacks, at most ``most``."""
    made = [[_attribute(proposal, vocabulary.language) for proposal in reply] for reply in replies]
    likeness = _Likeness(
        [*vocabulary.attributes, *(one for reply in made for one in reply if isinstance(one, Attribute))]
    )
    kept: list[Attribute] = []
    votes: Counter[str] = Counter()
    rejected: dict[str, Rejection] = {}
    for reply in made:
        seen: set[str] = set()
        for one in reply:
            if isinstance(one, Rejection):
                rejected.setdefault(one.label, one)
            elif known := likeness.twin(one, vocabulary.attributes):
                rejected.setdefault(one.label, Rejection(one.label, f"the same as {known.label}"))
            else:
                twin = likeness.twin(one, kept)
                if twin is None:
                    kept.append(one)
                seen.add((twin or one).name)
        votes.update(seen)
    ranked = sorted(kept, key=lambda attribute: -votes[attribute.name])
    left = [Rejection(attribute.label, "proposed by too few cases") for attribute in ranked[most:]]
    chosen = tuple(ranked[:most])
    return Proposals(chosen, {one.name: votes[one.name] for one in chosen}, (*rejected.values(), *left), 0)


def _attribute(proposal: ProposedAttribute, language: str) -> Attribute | Rejection:
    values = tuple(dict.fromkeys(" ".join(value.split()) for value in proposal.values if value.strip()))
    try:
        return Attribute(
            name=proposal.name.strip().lower().replace(" ", "_"),
            label=proposal.label,
            meaning=" ".join(proposal.meaning.split()),
            group=GROUP,
            delicate=proposal.delicate,
            questions={language: proposal.question},
            values=values,
        )
    except ValidationError as error:
        return Rejection(proposal.label, first_problem(error))


class _Likeness:
    """Tells attributes that say the same; how telling a word is goes by all of them.

    Args:
        attributes: that are compared.
    """

    def __init__(self, attributes: Sequence[Attribute]) -> None:
        texts = list(dict.fromkeys(map(_text, attributes)))
        self._places = {text: place for place, text in enumerate(texts)}
        self._similarity = similarity(TFIDF, texts)

    def twin(self, attribute: Attribute, others: Sequence[Attribute]) -> Attribute | None:
        """The one of ``others`` that ``attribute`` repeats."""
        for other in others:
            if other.name == attribute.name or other.label.casefold() == attribute.label.casefold():
                return other
        alike = self._similarity(_text(attribute))
        best = max(others, key=lambda other: alike[self._places[_text(other)]], default=None)
        return best if best is not None and alike[self._places[_text(best)]] >= ALIKE else None


def _text(attribute: Attribute) -> str:
    return f"{attribute.label} {attribute.meaning}"
