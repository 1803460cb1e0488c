"""Learns the stand-ins' sense of topic: situations in which the same things matter, and the words that tell them.

Run ``python -m experiments.topics``; rewrites ``lms/simulation/topics.toml`` from the authored queries and the
independent ratings (``benchmark/data/stakes``), and ``docs/stakes.md`` with agreement and how well words tell topics.
"""

import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from benchmark.scenarios.profiles import graph
from benchmark.scenarios.stakes import agreement, stakes
from benchmark.scenarios.taxonomy import DOMAINS, Situation, situations
from lms.simulation.lexicon import concept_of
from lms.simulation.topics import Sense, Topic, subjects_of, word_stems
from signatures import ATTRIBUTE_NAMES

Array = NDArray[np.float64]
ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "lms" / "simulation" / "topics.toml"
REPORT = ROOT / "docs" / "stakes.md"
A_FIELD = 5
"""Topics of each field of life."""
CONTRAST = 1.65
"""What a rating means that is higher than the attribute's average by one standard deviation of the attribute's ratings:
so many times e as much at stake. In standard deviations, since raters use little of the scale for some attributes."""
SMOOTHING = 100.0
"""Words that every topic is taken to hold besides its own, in the proportions of all queries."""
SUBJECT_SMOOTHING = 30.0
"""Texts that each field of life, and each topic, is taken to hold besides its own, as all texts are, or its field's."""
NAMED = 0.1
"""Natural logarithm from which a subject is kept as evidence for or against a topic."""
TELLING = 0.5
"""Natural logarithm of how many times as common a word must be in a topic to be kept as evidence."""
HELD_OUT, SEED, FOLDS = 2, 0, 5
"""Queries of each situation held out, and parts in which whole situations are."""
SHARES = ("accuracy", "field", "unknown")
FEW = 0.1
"""Share of raters and situations from which a value is kept as one that raises the stakes."""

_ALIASES = (
    ("economic_status", r"debt|no savings|poor|poverty|uninsured|benefits|no (?:own )?(?:income|money)|destitute"
     r"|insolvent|bankrupt|broke|homeless|arrears|dependent|cannot afford|low income", ("severe financial difficulty",
     "living paycheck to paycheck")),
    ("education_level", r"no (?:\w+ )?(?:diploma|degree|schooling)|literacy|first[- ]", ("no high school diploma",)),
    ("mental_health_status", r"^depression|recurrent|postpartum", ("moderate depression", "severe depression")),
    ("mental_health_status", r"major depression", ("severe depression",)),
    ("mental_health_status", r"anxiety|panic|agoraphobia|phobia", ("moderate anxiety", "severe anxiety")),
    ("mental_health_status", r"trauma|ptsd", ("post-traumatic stress disorder",)),
    ("mental_health_status", r"alcohol|addict|substance|gambling|opioid", ("recovering from alcohol dependence",)),
    ("self_harm_history", r"attempt|overdose", ("past suicide attempt",)),
    ("self_harm_history", r"thoughts|plan", ("past thoughts of self-harm",)),
    ("self_harm_history", r"self-harm", ("past self-harm",)),
    ("health_status", r"injur", ("recovering from surgery", "chronic pain")),
    ("health_status", r"apnoea", ("long-term insomnia",)),
    ("health_status", r"serious|chronic illness|terminal", ("cancer under treatment", "heart disease")),
    ("marital_status", r"partner|spouse|marriage|marital", ("married", "in a relationship")),
    ("marital_status", r"alone|single|unmarried", ("single",)),
    ("gender", r"woman|female|pregnan|girl|mother|birth|breast", ("woman",)),
    ("gender", r"\bman\b|\bmale\b", ("man",)),
    ("gender", r"trans|lgbt|gay", ("non-binary",)),
)  # fmt: skip
"""Raters' words for values -> values of profiles, where the concepts of the stand-ins do not tell."""
_BANDS = {"18-24 years": (18, 24), "25-34 years": (25, 34), "35-44 years": (35, 44), "45-54 years": (45, 54),
          "55-64 years": (55, 64), "65 years or older": (65, 120)}  # fmt: skip


def ratings() -> Array:
    """Mean rating: situations (in the taxonomy's order) x attributes."""
    table = {(stake.situation, stake.attribute): stake.mean for stake in stakes()}
    return np.array([[table[s.id, a] for a in ATTRIBUTE_NAMES] for s in situations()])


def group() -> list[list[int]]:
    """Situations by topic: in each field of life, those in which alike things matter (Ward's criterion)."""
    table, groups = ratings(), []
    for domain in DOMAINS:
        own = [i for i, s in enumerate(situations()) if s.domain == domain]
        labels = fcluster(linkage(table[own], "ward"), A_FIELD, "maxclust")
        groups += [[own[i] for i in np.flatnonzero(labels == label)] for label in sorted(set(labels))]
    return groups


def tilts(groups: Sequence[Sequence[int]]) -> Array:
    """How much more an attribute matters in a topic than on average: topics x attributes; mean 1 over situations."""
    table = ratings()
    standard = (table - table.mean(axis=0)) / table.std(axis=0)
    raw = np.array([np.exp(CONTRAST * standard[own].mean(axis=0)) for own in groups])
    sizes = np.array([len(own) for own in groups], dtype=float)
    scaled: Array = raw / (sizes @ raw / sizes.sum())
    return scaled


def evidence(groups: Sequence[Sequence[int]], queries: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Word stem -> natural logarithm of how many times as common it is in the topic as in all queries.

    Args:
        queries: those to learn from, by situation.
    """
    counts = [Counter(word for i in own for query in queries[i] for word in set(word_stems(query))) for own in groups]
    total: Counter[str] = sum(counts, Counter())
    words = total.total()
    learned = []
    for count in counts:
        size = count.total()
        ratio = {
            word: np.log((n + SMOOTHING * total[word] / words) / (size + SMOOTHING) / (total[word] / words))
            for word, n in count.items()
        }
        learned.append({word: float(value) for word, value in ratio.items() if value >= TELLING})
    return learned


def subject_evidence(groups: Sequence[Sequence[int]], texts: Sequence[Sequence[str]]) -> list[dict[str, float]]:
    """Subject -> natural logarithm of how many times as often texts of the topic speak of it as all do.

    A topic has few texts: what they do is drawn towards what those of its field do, and that towards all.

    Args:
        texts: those to learn from, by situation.
    """
    counts = [Counter(subject for i in own for text in texts[i] for subject in subjects_of(text)) for own in groups]
    sizes = [sum(len(texts[i]) for i in own) for own in groups]
    fields = [situations()[own[0]].domain for own in groups]
    total: Counter[str] = sum(counts, Counter())
    learned = []
    for count, size, field in zip(counts, sizes, fields, strict=True):
        found = {}
        for subject, n in sorted(total.items()):
            overall = n / sum(sizes)
            alike = [t for t, other in enumerate(fields) if other == field]
            in_field = (sum(counts[t][subject] for t in alike) + SUBJECT_SMOOTHING * overall) / (
                sum(sizes[t] for t in alike) + SUBJECT_SMOOTHING
            )
            here = (count[subject] + SUBJECT_SMOOTHING * in_field) / (size + SUBJECT_SMOOTHING)
            found[subject] = float(np.log(here / overall))
        learned.append({subject: value for subject, value in found.items() if abs(value) >= NAMED})
    return learned


def raising(own: Sequence[int], attribute: str) -> dict[str, float]:
    """Value of profiles -> share of raters and situations that name it as one that raises the stakes."""
    ids = {situations()[i].id for i in own}
    given = [r for stake in stakes() if stake.attribute == attribute and stake.situation in ids
             for r in stake.ratings.values()]  # fmt: skip
    found: Counter[str] = Counter()
    for rating in given:
        found.update({value for text in rating.values for value in values_meant(attribute, text.lower())})
    return {value: round(n / len(given), 2) for value, n in sorted(found.items()) if n / len(given) >= FEW}


@cache
def values_meant(attribute: str, text: str) -> frozenset[str]:
    """The values of profiles that a rater's words cover; none if they name somebody whom profiles do not have."""
    values = list(graph().attribute[attribute].base)
    if attribute == "age":
        return _bands(text)
    for name, words, meant in _ALIASES:
        if name == attribute and re.search(words, text):
            return frozenset(meant)
    concept = concept_of(attribute, text)
    if attribute == "emotional_state":
        return frozenset([text]) if concept else frozenset()
    return frozenset(value for value in values if concept is not None and concept_of(attribute, value) is concept)


def _bands(text: str) -> frozenset[str]:
    """Age bands that "under 25", "over 70", "60+" or "18-24" reach into; under 20 is taken as the youngest."""
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    if not numbers:
        return frozenset()
    low, high = (numbers[0], numbers[-1])
    if "under" in text:
        low, high = 0, max(19, numbers[0] - 1)
    elif "over" in text or "+" in text:
        high = 200
    return frozenset(name for name, (a, b) in _BANDS.items() if a <= high and b >= low)


@dataclass(frozen=True)
class Told:
    """How well words tell topics.

    Attributes:
        accuracy: share of queries whose likeliest topic is theirs.
        field: the same for fields of life.
        unknown: mean weight left to no topic at all.
        correlation: attribute -> correlation of what the words make it matter with the ratings of the situation.
    """

    accuracy: float
    field: float
    unknown: float
    correlation: dict[str, float]


def judge_sense(sense: Sense, groups: Sequence[Sequence[int]], queries: Sequence[Sequence[str]]) -> Told:
    """Measure ``sense`` on ``queries``, by situation."""
    home = {i: t for t, own in enumerate(groups) for i in own}
    asked = [(i, query) for i, own in enumerate(queries) for query in own]
    likely = [sense.weigh(query) for _, query in asked]
    best = [max(range(len(groups)), key=lambda t, w=weights: w[t]) for weights in likely]  # type: ignore[misc]
    rated = np.log(tilts([[i] for i in range(len(queries))]))
    felt = np.array([[np.log(sense.matters(query)[a]) for a in ATTRIBUTE_NAMES] for _, query in asked])
    rows = [i for i, _ in asked]
    return Told(
        float(np.mean([t == home[i] for t, (i, _) in zip(best, asked, strict=True)])),
        float(
            np.mean([sense.topics[t].field == situations()[i].domain for t, (i, _) in zip(best, asked, strict=True)])
        ),
        float(np.mean([1 - sum(weights) for weights in likely])),
        {a: float(np.corrcoef(felt[:, j], rated[rows, j])[0, 1]) for j, a in enumerate(ATTRIBUTE_NAMES)},
    )


def make_topics(groups: Sequence[Sequence[int]], texts: Sequence[Sequence[str]]) -> list[Topic]:
    """Topics as the stand-ins know them, learned from ``texts``, by situation."""
    made, seen = [], Counter[str]()
    words, subjects = evidence(groups, texts), subject_evidence(groups, texts)
    for own, told, named, tilt in zip(groups, words, subjects, tilts(groups), strict=True):
        field = situations()[own[0]].domain
        top = [ATTRIBUTE_NAMES[j] for j in np.argsort(-tilt, kind="stable")[:2]]
        name = f"{field}: {', '.join(top)}".replace("_", " ")
        seen[name] += 1
        stakes_ = {a: found for a in ATTRIBUTE_NAMES if (found := raising(own, a))}
        rounded = {word: float(max(1, round(value * 2))) / 2 for word, value in told.items()}
        by_attribute = {a: max(0.01, round(float(t), 2)) for a, t in zip(ATTRIBUTE_NAMES, tilt, strict=True)}
        subjects_ = {subject: round(value, 1) for subject, value in named.items()}
        made.append(
            Topic(
                name + (f" ({seen[name]})" if seen[name] > 1 else ""), field, rounded, by_attribute, stakes_, subjects_
            )
        )
    return made


def write_table(topics: Sequence[Topic]) -> str:
    """``topics.toml``."""
    lines = [
        "# Topics: what matters where, and the words by which a question's topic is recognized. Written by",
        "# `python -m experiments.topics` from the authored queries and the ratings in benchmark/data/stakes.",
        "#",
        "# tilt: how much more an attribute matters than on average. stakes: values that raise the stakes, by the",
        "# share of raters who name them. words: stems (first six letters) by how much they tell, in halves of a nat.",
        "# subjects (subjects.toml): how much they tell for or against, in nats.",
    ]
    for topic in topics:
        lines += ["", "[[topic]]", f'name = "{topic.name}"', f'field = "{topic.field}"']
        lines.append("tilt = { " + ", ".join(f"{a} = {t}" for a, t in topic.tilt.items()) + " }")
        text = ", ".join(f"{subject} = {value}" for subject, value in topic.subjects.items())
        lines.append(f"subjects = {{ {text} }}")
        for attribute, values in topic.stakes.items():
            lines.append(f"stakes.{attribute} = {{ " + ", ".join(f'"{v}" = {n}' for v, n in values.items()) + " }")
        by_strength: dict[float, list[str]] = defaultdict(list)
        for word, strength in topic.evidence.items():
            by_strength[strength].append(word)
        for strength in sorted(by_strength):
            text = textwrap.fill(" ".join(sorted(by_strength[strength])), 118, break_on_hyphens=False)
            lines.append(f"words.{int(2 * strength)} = '''\n{text}'''")
    return "\n".join(lines) + "\n"


def report(groups: Sequence[Sequence[int]], told: Sequence[Told]) -> str:
    """``docs/stakes.md``."""
    table = ratings()
    lines = [
        "# What matters where: independent ratings",
        "",
        "Written by `python -m experiments.topics`. For each of the 140 authored situations three raters said how much",
        "knowing each attribute could change what a safe answer is, 0 to 3, why, and which values raise the stakes.",
        "Raters are language models, each by itself; they saw ids and queries only. The data and their card are in",
        "`benchmark/data/stakes`; `benchmark.scenarios.stakes` reads them. Disagreements are kept as spread.",
        "",
        f"Krippendorff's alpha (ordinal), all attributes: {agreement()}. By attribute it is lower, since what",
        "differs from attribute to attribute no longer counts:",
        "",
        "| attribute | mean | situations with median 0 / 1 / 2 / 3 | raters two or more apart | alpha |",
        "|---|---|---|---|---|",
    ]
    for j, attribute in enumerate(ATTRIBUTE_NAMES):
        own = [stake for stake in stakes() if stake.attribute == attribute]
        medians = Counter(int(stake.median) for stake in own)
        apart = sum(stake.spread >= 2 for stake in own)
        shares = " / ".join(str(medians[level]) for level in range(4))
        lines.append(f"| {attribute} | {table[:, j].mean():.2f} | {shares} | {apart} | {agreement(attribute)} |")
    lines += ["", "## By field of life", "", "Mean ratings.", "", "| attribute | " + " | ".join(DOMAINS) + " |"]
    lines.append("|---" * (len(DOMAINS) + 1) + "|")
    for j, attribute in enumerate(ATTRIBUTE_NAMES):
        cells = [f"{table[[s.domain == d for s in situations()], j].mean():.1f}" for d in DOMAINS]
        lines.append(f"| {attribute} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "## What the stand-ins make of it",
        "",
        f"{len(groups)} topics: in each field of life, situations in which alike things matter. A topic is",
        "recognized by words of the query alone: by words of the authored queries and of the taxonomy's descriptions,",
        "by the subjects that they speak of (`lms/simulation/subjects.toml`, written by hand), and by the words of its",
        "field. A query without known words has no topic, and every attribute matters as on average.",
        "",
        "Benchmark queries are known. People's own questions are not: see the other columns. There words and subjects",
        f"were learned without {HELD_OUT} of the ten queries of each situation, which are then asked, or without the",
        "queries' whole situation; its place among the topics is taken from the ratings all the same. Both flatter",
        "a little: who wrote the subjects had read the queries of 10 situations, and the scales of words, subjects and",
        "fields were chosen by these two columns. Authored queries",
        "share few words by design and often name nothing of their situation, so little carries over.",
        "",
        "| | known queries | unseen queries | unseen situations |",
        "|---|---|---|---|",
        f"| topic recognized (by chance {1 / len(groups):.2f}) | {_cells([t.accuracy for t in told])} |",
        f"| field of life recognized (by chance {1 / len(DOMAINS):.2f}) | {_cells([t.field for t in told])} |",
        f"| weight left to no topic | {_cells([t.unknown for t in told])} |",
        *(
            f"| correlation with the ratings: {a} | {_cells([t.correlation[a] for t in told])} |"
            for a in ATTRIBUTE_NAMES
        ),
    ]
    return "\n".join(lines) + "\n"


def _cells(values: Sequence[float]) -> str:
    return " | ".join(f"{value:.2f}" for value in values)


def described(situation: Situation, queries: Sequence[str]) -> list[str]:
    """What is learned from: queries, and the words in which the taxonomy describes their situation."""
    return [*queries, situation.title, situation.summary]


def judge_on_unseen_queries(groups: Sequence[Sequence[int]]) -> Told:
    """How well topics learned without some queries of each situation recognize those."""
    rng = np.random.default_rng(SEED)
    learned, held = [], []
    for situation in situations():
        out = set(rng.choice(len(situation.queries), HELD_OUT, replace=False).tolist())
        learned.append(described(situation, [query for i, query in enumerate(situation.queries) if i not in out]))
        held.append([query for i, query in enumerate(situation.queries) if i in out])
    return judge_sense(Sense(make_topics(groups, learned)), groups, held)


def judge_on_unseen_situations(groups: Sequence[Sequence[int]]) -> Told:
    """The same where words and subjects were learned without the queries' whole situation, a fifth at a time."""
    parts = []
    for part in range(FOLDS):
        out = [i % FOLDS == part for i in range(len(situations()))]
        learned = [[] if o else described(s, s.queries) for o, s in zip(out, situations(), strict=True)]
        held = [list(s.queries) if o else [] for o, s in zip(out, situations(), strict=True)]
        parts.append(judge_sense(Sense(make_topics(groups, learned)), groups, held))
    means = {a: float(np.mean([part.correlation[a] for part in parts])) for a in ATTRIBUTE_NAMES}
    accuracy, field, unknown = (float(np.mean([getattr(part, name) for part in parts])) for name in SHARES)
    return Told(accuracy, field, unknown, means)


def main() -> None:
    """Learn, measure, write."""
    groups = group()
    topics = make_topics(groups, [described(situation, situation.queries) for situation in situations()])
    known = judge_sense(Sense(topics), groups, [situation.queries for situation in situations()])
    told = [known, judge_on_unseen_queries(groups), judge_on_unseen_situations(groups)]
    TABLE.write_text(write_table(topics), encoding="utf-8")
    REPORT.write_text(report(groups, told), encoding="utf-8")


if __name__ == "__main__":
    main()
