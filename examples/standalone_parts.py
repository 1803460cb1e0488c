"""Parts of `standalone.py`: the rules in which an exported file has spelling, its planned paths, and its crisis floor.

docs/portable.md explains the file.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from itertools import combinations, pairwise
from typing import Any


@cache
def rx(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, flags)


PLACE = re.compile("\\{\\{\\s*(\\w+)\\s*\\}\\}|\\{\u2060(?=\u2060*[{%#])")
RULES: dict[str, Callable[..., str]] = {
    "map": lambda text, table: text.translate(str.maketrans(table)),
    "normalize": lambda text, form: unicodedata.normalize(form, text),
    "lower": str.lower,
    "replace": lambda text, pattern, new: rx(pattern).sub(lambda _: new, text),
    "words": lambda text, table: table.get(text, text),
    "within": lambda text, pattern, rules: rx(pattern).sub(lambda found: rewrite(found[0], rules), text),
    "first": lambda text, some: rewrite(text, next((rules for pattern, rules in some if rx(pattern).search(text)), [])),
}


def rewrite(text: str, rules: list[Any]) -> str:
    """``text`` with the rules applied, one after the other."""
    for rule, *arguments in rules:
        text = RULES[rule](text, *arguments)
    return text


def fill(template: str, given: dict[str, str]) -> str:
    return PLACE.sub(lambda found: given[found[1]] if found[1] else "{", template)


def hits(patterns: dict[str, Any], name: str, text: str) -> bool:
    """Whether the pattern of that name, if there is one, occurs."""
    return name in patterns and bool(rx(patterns[name]).search(text))


class Paths:
    """Planned paths, found by TF-IDF."""

    def __init__(self, export: dict[str, Any]) -> None:
        self.paths, self.data, self.settings = export["paths"], export["retrieval"], export["settings"]
        counts = [Counter(self.terms(path["query"] or self.data["no_query"])) for path in self.paths]
        found = Counter(term for count in counts for term in count)
        self.idf = {term: math.log((1 + len(counts)) / (1 + n)) + 1 for term, n in found.items()}
        self.rows = [self.row(count) for count in counts]

    def terms(self, text: str) -> list[str]:
        """Words and pairs of words, stop words left out."""
        words = rx(self.data["token"]).findall(rewrite(text, self.data["fold"]))
        words = [word for word in words if word not in self.data["stop_words"]]
        return [*words, *map(" ".join, pairwise(words))]

    def row(self, counts: Counter[str]) -> dict[str, float]:
        row = {term: (1 + math.log(n)) * self.idf[term] for term, n in counts.items() if term in self.idf}
        length = math.sqrt(sum(value * value for value in row.values())) or 1.0
        return {term: value / length for term, value in row.items()}

    def alike(self, query: str) -> list[float]:
        asked = self.row(Counter(self.terms(query)))
        return [sum(value * asked.get(term, 0.0) for term, value in row.items()) for row in self.rows]

    def nearest(self, query: str) -> list[dict[str, Any]]:
        alike = self.alike(query)
        order = [i for i in sorted(range(len(alike)), key=lambda i: -alike[i]) if self.paths[i]["query"]]
        return sorted((self.paths[i] for i in order[: self.settings["retrieved"]]), key=lambda p: -(p["value"] or 0))

    def favoured(self, query: str, allowed: list[str]) -> list[str]:
        """What may be chosen: all, or what all paths together name earliest."""
        most, votes = self.settings["shortlist"], dict.fromkeys(allowed, 0.0)
        if not most or len(allowed) <= most:
            return allowed
        for path, alike in zip(self.paths, self.alike(query), strict=True):
            for place, name in enumerate(name for name in path["path"] if name in votes):
                votes[name] += (self.data["far"] + max(0.0, alike)) * self.data["later"] ** place
        return sorted(allowed, key=lambda name: -votes[name])[:most] if any(votes.values()) else allowed


class Guard:
    """The crisis floor: phrases of danger in many languages, and weights of words for what no phrase states."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data, self.numbers, self.patterns = data, data["numbers"], data["patterns"]

    def acute(self, text: str) -> bool:
        size, twice, short = self.numbers["chunk"], self.numbers["overlap"], self.numbers.get("short", math.inf)
        starts = range(0, max(1, len(text) - twice), size - twice)
        folds = [rewrite(text[start : start + size], self.data["fold"]) for start in starts]
        read = [[one for tongue in self.data["languages"] for one in self.statements(tongue, fold)] for fold in folds]
        return any(map(any, read)) or any(
            (not found or len(fold) > short) and self.heavy(fold) for fold, found in zip(folds, read, strict=True)
        )

    def statements(self, tongue: dict[str, Any], fold: str) -> Iterator[bool]:
        """For each statement of danger whether it stands."""
        if not tongue["spaced"] and fold.isascii():
            return
        text = rewrite(fold, self.data["english" if tongue["language"] == "en" else "international"])
        for family in tongue["families"]:
            text = rx(family["pattern"]).sub(self.data["mask"], text) if family["how"] == "idiom" else text
        for family in tongue["families"]:
            if family["how"] in ("stated", "done", "standing"):
                for found in rx(family["pattern"]).finditer(text):
                    yield not self.taken_back(tongue, family, text, *found.span())

    def taken_back(self, tongue: dict[str, Any], family: dict[str, Any], text: str, begin: int, end: int) -> bool:
        sentence, clauses, back = rx(self.patterns["sentence"]), rx(self.patterns["clause"]), self.numbers["look_back"]
        said, near, how = text[begin:end], self.numbers["near"], family["how"]
        lead, rest = sentence.split(text[max(0, begin - back) : begin])[-1], sentence.split(text[end : end + back])[0]
        start, clause = begin - len(lead), "" if clauses.match(said) else clauses.split(lead)[-1]
        around = text[max(start, begin - near) : end] + rest[:near]
        when = clause + said + clauses.split(rest)[0] if how == "stated" else around
        if hits(tongue, "past", when) or hits(tongue, "said_by", text[start : begin + 40]):
            return True
        if family["writer"]:
            *_, between = rx(tongue.get("topic", "(?!)")).split(lead)
            if between != lead and (
                not hits(self.patterns, "link", between) or hits(self.patterns, "reported", between)
            ):
                return True
        elif hits(tongue, "topic", text[max(0, start - 120) : end] + rest):
            return True
        if how == "standing" or hits(tongue, "not_after", text[end : end + 15]):
            return bool(how != "standing")
        own, before = clauses.split(said)[-1], " ".join(clause.split()[-4:]) if tongue["spaced"] else clause[-6:]
        words = before if how == "done" or not tongue["spaced"] else f"{before} {own}" if own == said else own
        return hits(tongue, "not", rx(tongue.get("not_kept", "(?!)")).sub("", words))

    def heavy(self, fold: str) -> bool:
        """Whether the words of the heaviest window weigh more than they may."""
        half, words = self.numbers["window"] // 2, rx(self.patterns["letters"]).findall(fold.replace("'", ""))
        common = sum(word in self.data["common_english"] for word in words) > self.numbers["common_share"] * len(words)
        english, answer = common or (fold.isascii() and not self.abroad(fold)), common and len(words) == 1
        weights, pieces = self.data["weights"]["english" if english else "others"], [fold]
        if len(fold) > 3 * half:
            cuts = [(start, start + 2 * half) for start in range(0, len(fold) - half, half)]
            begins = [(fold.find(" ", start, end) + 1 if start else 0) or start for start, end in cuts]
            ends = [fold.rfind(" ", start, end) if end < len(fold) else len(fold) for start, end in cuts]
            pieces = [fold[a : cut[1] if b < 0 else b] for a, b, cut in zip(begins, ends, cuts, strict=True)]
        limit = weights["threshold"] + self.numbers["caution"] * math.log2(len(pieces))
        return not answer and any(self.score(weights, piece, english) > limit for piece in pieces)

    def score(self, weights: dict[str, Any], fold: str, english: bool) -> float:
        total = weights["bias"]
        for block, names in (("words", self.words(fold)), ("concepts", self.concepts(fold) if english else set())):
            known = [weights[block][name] for name in names if name in weights[block]]
            norm = math.sqrt(math.fsum(rarity * rarity for _, rarity in known))
            total += math.fsum(weight for weight, _ in known) / norm if known else 0.0
        return float(total)

    def words(self, fold: str) -> set[str]:
        tongue, text = self.data["languages"][0], rewrite(fold, self.data["english"])
        words = rx(self.patterns["word"]).findall(text)
        runs = rx(self.patterns["unspaced"]).findall(text)
        some = [
            f for f in tongue["families"] if f["how"] in ("sign", "ordinary", "idiom") and rx(f["pattern"]).search(text)
        ]
        signs = [f"<{family['name']}>" for family in some]
        signs += ["<taken back>"] * (not all(self.statements(tongue, fold)))
        signs += [f"<{name}>" for name in ("past", "topic") if hits(tongue, name, text)]
        foreign = sorted(f"<{sign}, abroad>" for sign in self.abroad(fold))
        pairs = [*pairwise(words), *combinations(signs, 2), *combinations(foreign, 2)]
        pieces = {run[i : i + n] for run in runs for n in (1, 2, 3) for i in range(len(run) - n + 1)}
        return {*words, *signs, *foreign, *pieces, *map(" ".join, pairs)}

    def abroad(self, fold: str) -> set[str]:
        text, signs = rewrite(fold, self.data["international"]), self.data["signs"]
        words, parts = rx(self.patterns["word"]).findall(text), {} if text.isascii() else signs["pieces"]
        found = [signs["words"].get(word, []) for word in words]
        found += [those for table in (signs["phrases"], parts) for part, those in table.items() if part in text]
        return {sign for those in found for sign in those}

    def concepts(self, fold: str) -> set[str]:
        found: set[str] = set()
        for sentence in re.split(r"[.!?\n]", rewrite(fold, self.data["english"])):
            words = rx(self.patterns["concept_token"]).findall(sentence)
            line, at, tags = " ".join(words), 0, []
            for word in words:
                tags.append([name for name, pattern in self.data["concepts"].items() if rx(pattern).match(line, at)])
                at += len(word) + 1
            held = sorted({name for those in tags for name in those})
            found |= {f"<{name}>" for name in held} | {f"{a}+{b}" for a, b in combinations(held, 2)}
            reach = int(self.numbers["concepts_near"])
            found |= {
                f"{a}>{b}" for i, ones in enumerate(tags) for a in ones for o in tags[i + 1 : i + 1 + reach] for b in o
            }
            for i in range(len(words) - 1):
                found |= {f"{words[i]}_<{b}>" for b in tags[i + 1]} | {f"<{a}>_{words[i + 1]}" for a in tags[i]}
        return found
