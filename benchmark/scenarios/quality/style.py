"""How queries are written: readable, of many lengths and registers, of no one country, and not from a template."""

import re
from collections import Counter
from collections.abc import Callable, Sequence

import pandas as pd

from benchmark.scenarios.quality.gate import Asked, Gate, Pair, queries, rules, within, words, worst_first
from benchmark.scenarios.scenario import Scenario

TAG_WORDS = 4


def style_gates(scenarios: Sequence[Scenario]) -> list[Gate]:
    """The gates of this module, for a whole set."""
    asked = queries(scenarios)
    table = measures(asked)
    return [_grade(table), _lengths(table), _register(table), _idiom(asked), _template(asked, table), _places(table)]


def syllables(word: str) -> int:
    """Syllables of an English word, by groups of vowels; a final silent e does not count. At least 1."""
    plain = re.sub(r"[^a-z]", "", word.lower())
    count = len(re.findall(r"[aeiouy]+", plain))
    if plain.endswith("e") and not re.search(r"[^aeiouy]le$", plain) and count > 1:
        count -= 1
    return max(1, count)


def grade(text: str) -> float:
    """Flesch-Kincaid grade: the US school year that can read the text; NaN without words.

    0.39 x words a sentence + 11.8 x syllables a word - 15.59 (Kincaid, Fishburne, Rogers and Chissom 1975).
    """
    found = words(text)
    if not found:
        return float("nan")
    sentences = len([part for part in re.split(r"[.!?\u2026]+(?:\s|$)", text) if words(part)]) or 1
    return 0.39 * len(found) / sentences + 11.8 * sum(map(syllables, found)) / len(found) - 15.59


def measures(asked: Sequence[Asked]) -> pd.DataFrame:
    """One row a query: situation, domain, text, place among its situation's queries, words, grade, and registers.

    Registers are true or false: lowercase (at the start), unasked (no question mark ends it), tag (a short question
    ends it).
    """
    place: Counter[str] = Counter()
    rows = []
    for query in asked:
        text = query.text.strip()
        rows.append(
            {
                "situation": query.situation,
                "domain": query.domain,
                "text": query.text,
                "place": place[query.situation],
                "words": len(words(text)),
                "grade": grade(text),
                "lowercase": text[:1].islower(),
                "unasked": not text.rstrip("'\")").endswith("?"),
                "tag": _ends_in_tag(text),
            }
        )
        place[query.situation] += 1
    return pd.DataFrame(rows)


def _ends_in_tag(text: str) -> bool:
    """Whether a question of a few words follows something else: "I'd go tonight. Good idea?"."""
    *before, last = re.split(r"(?<=[.!?])\s+", text)
    return bool(before) and last.endswith("?") and len(words(last)) <= TAG_WORDS


def _grade(table: pd.DataFrame) -> Gate:
    limits = rules().limits
    median, hard = float(table.grade.median()), table[table.grade > limits.grade_hard]
    share = len(hard) / len(table)
    passed = within(median, limits.grade_median) and share <= limits.hard_share
    limit = f"median {_range(limits.grade_median)}, above {limits.grade_hard:g} at most {limits.hard_share:.0%}"
    about = "Flesch-Kincaid grade of the queries."
    listed = zip(hard.grade.tolist(), hard.situation, hard.text, strict=True)
    offenders = worst_first([(level, f"{level:.1f} {situation}: {text}") for level, situation, text in listed])
    return Gate("readability", about, limit, f"median {median:.1f}, above {share:.1%}", passed, offenders)


def _lengths(table: pd.DataFrame) -> Gate:
    limits = rules().limits
    low, high = (table.groupby("domain").words.quantile(q).clip(lower=1) for q in (0.1, 0.9))
    spread = high / low
    shortest, longest = int(table.words.min()), int(table.words.max())
    flat = tuple(
        f"{domain}: {value:.1f}" for domain, value in spread.sort_values().items() if value < limits.words_spread
    )
    passed = not flat and shortest <= limits.words_shortest and longest >= limits.words_longest
    limit = (
        f"90th over 10th percentile at least {limits.words_spread:g} in every domain; shortest at most "
        f"{limits.words_shortest} words, longest at least {limits.words_longest}"
    )
    figure = f"{shortest} to {longest} words, median {table.words.median():.0f}; spread at least {spread.min():.1f}"
    return Gate("length_spread", "Length of the queries in words.", limit, figure, passed, flat)


def _register(table: pd.DataFrame) -> Gate:
    limits = rules().limits
    wanted: dict[str, Pair] = {"lowercase": limits.lowercase, "unasked": limits.unasked}
    found = [(name, domain, float(v)) for name in wanted for domain, v in table.groupby("domain")[name].mean().items()]
    off = tuple(f"{d}: {name} {v:.2f}" for name, d, v in found if not within(v, wanted[name]))
    seen = ((name, [v for n, _, v in found if n == name]) for name in wanted)
    figure = ", ".join(f"{name} {min(values):.2f} to {max(values):.2f}" for name, values in seen)
    limit = ", ".join(f"{name} {_range(pair)}" for name, pair in wanted.items())
    about = "Shares of queries that begin without a capital, and that do not end in a question mark, by domain."
    return Gate("register_spread", about, limit, figure, not off, off)


def idioms(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    """Kind of idiom -> queries with a marker of it."""
    patterns = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in rules().idiom.items()}
    return {kind: [q for q in asked if pattern.search(q.text)] for kind, pattern in patterns.items()}


def _idiom(asked: Sequence[Asked]) -> Gate:
    limit, found = rules().limits.british, idioms(asked)
    counts = {kind: len(group) for kind, group in found.items()}
    about = "British among British and American idiom, by markers of either; most queries have none."
    if not any(counts.values()):
        return Gate("idiom_balance", about, _range(limit), "no markers", None)
    share = counts["british"] / sum(counts.values())
    figure = f"{share:.2f} ({counts['british']} queries British, {counts['american']} American, of {len(asked)})"
    passed = within(share, limit)
    often = max(found.values(), key=len)
    return Gate("idiom_balance", about, _range(limit), figure, passed, () if passed else tuple(map(str, often)))


def ends(asked: Sequence[Asked], size: int, *, opening: bool = True) -> Counter[str]:
    """How many queries begin (or end) with the same ``size`` words; shorter queries do not count."""
    cut: Callable[[list[str]], list[str]] = (lambda w: w[:size]) if opening else (lambda w: w[-size:])
    found = (words(query.text) for query in asked)
    return Counter(" ".join(cut(w)) for w in found if len(w) > size)


def _template(asked: Sequence[Asked], table: pd.DataFrame) -> Gate:
    limits = rules().limits
    parts = [("opening", n, getattr(limits, f"opening_{n}")) for n in (1, 2, 3)]
    parts += [("closing", n, getattr(limits, f"closing_{n}")) for n in (2, 3)]
    figures, over = [], []
    for end, size, most in parts:
        counts = ends(asked, size, opening=end == "opening")
        top = counts.most_common(1)[0][1] / len(asked) if counts else 0.0
        figures.append(f"{end} {size}: {top:.1%}")
        often = [(n / len(asked), f"{end} {text!r}: {n} of {len(asked)}") for text, n in counts.items()]
        over += [entry for entry in often if entry[0] > most]
    tags = float(table.tag.mean())
    if tags > limits.tag_share:
        over.append((tags, f"{tags:.1%} end in a question of at most {TAG_WORDS} words after something else"))
    limit = ", ".join(f"{end} {size}: {most:.1%}" for end, size, most in parts) + f", tags {limits.tag_share:.0%}"
    about = "Share of queries with the commonest first or last words, and of those that end in a tag question."
    return Gate("template_smell", about, limit, f"{', '.join(figures)}, tags {tags:.1%}", not over, worst_first(over))


def _places(table: pd.DataFrame) -> Gate:
    """A register that always comes at the same place in a situation's list betrays a recipe."""
    most = rules().limits.position
    ratios: list[tuple[float, str]] = []
    for name in ("lowercase", "unasked", "tag"):
        usual = float(table[name].mean())
        shares = table.groupby("place")[name].mean()
        for place, share in zip(shares.index, shares, strict=True) if usual else ():
            ratios.append((share / usual, f"{name} at place {place + 1}: {share:.2f}, overall {usual:.2f}"))
    about = "Registers by place in the list of a situation's queries, as a multiple of their share overall."
    limit = f"at most {most:g}"
    if table.situation.nunique() * 2 > len(table) or table.groupby("situation").size().nunique() > 1:
        return Gate("place_smell", about, limit, "lists of different length", None)
    top = max(ratios, default=(0.0, "no registers"))
    over = worst_first([entry for entry in ratios if entry[0] > most])
    return Gate("place_smell", about, limit, f"{top[0]:.1f} ({top[1]})", not over, over)


def _range(pair: Pair) -> str:
    return f"{pair[0]:g} to {pair[1]:g}"
