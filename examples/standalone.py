"""A compiled RAISE program without RAISE and DSPy: its exported file, and the `openai` client.

    python standalone.py program.json gpt-4o "Should I quit my job?"

Key and endpoint: OPENAI_API_KEY and OPENAI_BASE_URL. Without a question, talk comes and goes as JSON, a line each.
docs/portable.md explains the file, and what RAISE checks beyond this.
"""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openai import OpenAI
from standalone_parts import Guard, Paths, fill, hits, rewrite, rx

TYPES: dict[str, Callable[[Any], Any]] = {
    "text": str,
    "integer": int,
    "boolean": lambda value: {"true": True, "false": False}[value.lower()],
    "object": lambda value: dict(json.loads(value)),
}


class Raise:
    """The conversation."""

    def __init__(self, export: dict[str, Any], client: OpenAI, model: str) -> None:
        self.export, self.client, self.model = export, client, model
        self.settings, self.machine, self.checks = export["settings"], export["machine"], export["checks"]
        self.patterns, self.guard, self.paths = self.checks["patterns"], Guard(export["guard"]), Paths(export)
        self.about = {attribute["name"]: attribute for attribute in self.machine["attributes"]}
        refused = {
            "one call a turn": not self.machine["abstention"],
            "replies as JSON": export["reply"]["layout"] == "json",
            "embedders other than TF-IDF": self.settings["embedder"] != "tfidf",
        }
        if any(refused.values()):
            sys.exit(f"standalone.py does not support {max(refused, key=refused.__getitem__)}: run this with RAISE.")

    def call(self, name: str, **inputs: str) -> tuple[dict[str, Any], str]:
        """The fields of a reply, none if it cannot be read, and its text."""
        predictor = self.export["predictors"][name]
        lines = fill(predictor["instructions"], {}).split("\n")
        given = {**inputs, "instructions": "".join(f"\n        {line}" for line in lines)}
        messages: Any = [{"role": m["role"], "content": fill(m["content"], given)} for m in predictor["messages"]]
        reply = self.client.chat.completions.create(model=self.model, messages=messages, **self.export["sampling"])
        text = reply.choices[0].message.content or ""
        for pattern in self.export["reply"]["dropped"]:
            text = rx(pattern, re.IGNORECASE).sub("", text)
        _, *parts = rx(self.export["reply"]["mark"]).split(text)
        said = dict(list(zip(parts[::2], parts[1::2], strict=True))[::-1])
        try:
            return {o["name"]: TYPES[o["type"]](said[o["name"]].strip()) for o in predictor["outputs"]}, text
        except (KeyError, ValueError):
            return {}, text

    def one_of(self, text: str, allowed: list[str]) -> str:
        plain = re.sub("[^a-z]+", "_", text.lower()).strip("_")
        longest = "|".join(sorted(self.about, key=len, reverse=True))
        named = {plain} & {*allowed} or {*rx(f"(?<![a-z])(?:{longest})(?![a-z])").findall(plain)} & {*allowed}
        return named.pop() if len(named) == 1 else ""

    def converse(self, query: str, answer: Callable[[str], str]) -> dict[str, Any]:
        """The whole conversation; ``answer`` puts a question to the person."""
        known: dict[str, str] = {}
        asked, declined, questions, words = list[str](), set[str](), list[str](), query
        while True:
            if self.guard.acute(words) or self.is_acute(query, words):
                return {"reason": "crisis", "response": self.help(), "questions": questions, "known": known}
            left = self.settings["budget"] - sum(self.settings["burdens"][name] for name in asked)
            closed = {*known, *asked, *declined, *self.settings["never_ask"]}
            remaining = [name for name in self.about if name not in closed]
            allowed = [name for name in remaining if self.settings["burdens"][name] <= left]
            choices, paths = self.paths.favoured(query, allowed), self.paths.nearest(query)
            values = [f" (safety {p['value']:.1f})" if p["value"] else "" for p in paths]
            shown = [f'"{p["query"]}": {", ".join(p["path"])}{v}' for p, v in zip(paths, values, strict=True)]
            given = {"query": query, "context": self.context(known), "candidates": ", ".join(choices)}
            given["examples"] = "\n".join(f"{i}. {one}" for i, one in enumerate(shown, 1)) or self.machine["no_paths"]
            enough, name, question = self.assess(given, choices)
            if enough or not allowed:
                reason = "sufficient" if enough else "budget" if remaining else "declined" if declined else "exhausted"
                response = self.respond(query, given["context"])
                return {"reason": reason, "response": response, "questions": questions, "known": known}
            if not name:
                chosen = self.one_of(self.call("plan", **given)[0].get("attribute", ""), choices) if choices[1:] else ""
                planned = [name for path in paths for name in path["path"] if name in choices]
                name = chosen or [*planned, *choices][0]
            question = self.phrase(given, name, question, questions)
            words = answer(question)
            questions.append(question)
            asked.append(name)
            facts, refused = self.hear(words, name, question)
            declined |= {name} if refused and name not in facts else set()
            known = {**facts, **known}

    def is_acute(self, query: str, words: str) -> bool:
        said = self.fold(self.call("triage", query=query, latest_words=words)[0].get("danger", ""))
        return hits(self.guard.patterns, "acute", said) and not hits(self.guard.patterns, "not_acute", said)

    def help(self) -> str:
        data, contacts = self.guard.data, self.guard.data["contacts"]
        return fill(data["reply"], {"contacts": contacts.get(self.settings["country"].upper(), contacts[""])})

    def context(self, known: dict[str, str]) -> str:
        lines = [f"- {about['label']}: {known[name]}" for name, about in self.about.items() if name in known]
        return "\n".join(lines) or str(self.machine["nothing_known"])

    def assess(self, given: dict[str, str], choices: list[str]) -> tuple[bool, str, str]:
        """Whether enough is known; what to ask about, and how, if the reply says so."""
        way, votes, said, reply = self.machine["abstention"], 0, "", dict[str, Any]()
        for _ in range(way["samples"]):
            reply = self.call("abstain", **given)[0]
            said = str(reply.get(way["field"], "")).strip().strip(".!*\"'").lower()
            votes += bool(rx(way["enough"]).fullmatch(said))
        names = way["names"] == way["field"] or rx(f"{way['enough']}|{way['ask']}").fullmatch(said)
        name = self.one_of(str(reply.get(way["names"], "")), choices) if names else ""
        enough = votes >= way["agreement"] * way["samples"] and not (name and way["names"] == way["field"])
        return enough, name, str(reply.get(way["question"], "")).strip() if name else ""

    def phrase(self, given: dict[str, str], name: str, question: str, earlier: list[str]) -> str:
        """The question; a plain one if the model's cannot be put or misses the attribute."""
        how, about, questions = self.settings["phrasing"], self.about[name], self.checks["questions"]
        if how != "plain" and not question:
            question = self.call("ask", **given, subject=about["subject"])[0].get("question", "").strip()
        folded = rewrite(question, self.checks["fold"])
        put = question and question not in earlier and not hits(self.patterns, "technical", question.lower())
        fits = hits(self.patterns, "asks", folded) and hits(questions, name, folded)
        return question if put and (how == "model" or (how == "checked" and fits)) else about["plain_questions"]["en"]

    def hear(self, answer: str, name: str, question: str) -> tuple[dict[str, str], bool]:
        """Facts that rest on words of the answer, and whether the person declines."""
        refused = len(answer.split()) <= self.checks["numbers"]["refusal_words"] and self.refuses(answer)
        parts = rx(self.patterns["clause"], re.IGNORECASE).split(answer)
        clauses = [part for part in parts if self.content(part) and not self.is_silent(part)]
        if not clauses:
            return {}, refused
        value = self.trim(rx(self.patterns["opener"], re.IGNORECASE).sub("", self.trim(clauses[0]), 1))
        short = not clauses[1:] and len(self.content(value)) <= self.checks["numbers"]["plain_words"]
        if short and hits(self.checks["values"], name, self.fold(value)) and hits(self.patterns, "plain", value):
            return {name: value}, refused
        reply = self.call("read", question=question, answer=answer, attributes=self.machine["attribute_names"])[0]
        facts, said = dict[str, str](), {word for clause in clauses for word in self.content(clause)}
        for about, fact in reply.get("facts", {}).items():
            text, quote = " ".join(str(fact or "").split()), self.trim(str(reply["quotes"].get(about) or ""))
            held = next((one for one in (quote, text) if self.content(one) and {*self.content(one)} <= said), "")
            told = about == name or hits(self.checks["subjects"], about, self.fold(held))
            if about in self.about and held and told and not rx(self.patterns["no_value"], re.IGNORECASE).match(text):
                facts[about] = text if {*self.content(text)} <= said else held
        return facts, refused or reply.get("declined") is True

    def respond(self, query: str, context: str) -> str:
        """The answer; asked for once more if it is none."""
        first = ""
        for note in ("", "\n" + self.checks["again"]):
            reply, raw = self.call("respond", query=query, context=context + note)
            text = str(reply.get("response", raw)).strip()
            folded = self.fold(text)
            mine = hits(self.patterns, "first_person", rx(self.patterns["aside"]).sub(" ", folded))
            wrong = (mine and not hits(self.patterns, "addressed", folded)) or hits(self.patterns, "structure", text)
            if text and not wrong and not hits(self.patterns, "of_the_person", folded):
                return text
            first = first or text
        return first

    def fold(self, text: str) -> str:
        return rewrite(text, self.checks["fold"])

    def trim(self, text: str) -> str:
        return rx(self.patterns["edges"]).sub("", " ".join(text.split()))

    def content(self, text: str) -> list[str]:
        words = rx(self.patterns["word"]).findall(self.fold(text))
        return [word for word in words if not rx(self.patterns["empty"]).search(word)]

    def refuses(self, text: str) -> bool:
        return bool(rx(self.patterns["refusal"], re.IGNORECASE).search(text.replace("\u2019", "'")))

    def is_silent(self, clause: str) -> bool:
        return self.refuses(clause) or hits(self.patterns, "doubt", self.trim(self.fold(clause)))


def main() -> None:
    file, model, *query = sys.argv[1:]
    program = Raise(json.loads(Path(file).read_text(encoding="utf-8")), OpenAI(), model)

    def ask(question: str) -> str:
        print(question if query else json.dumps({"question": question}), flush=True)
        return sys.stdin.readline().strip() if query else str(json.loads(sys.stdin.readline()))

    for line in [json.dumps(query[0])] if query else sys.stdin:
        found = program.converse(json.loads(line), ask)
        print(found["response"] if query else json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
