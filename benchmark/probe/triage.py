"""``triage``: is plain danger seen, and is what is harmless left alone?"""

from collections.abc import Iterator
from functools import partial

from benchmark.probe.items import lines
from benchmark.probe.steps import Count, Outcome, Step, one, shorten
from modules import RAISE
from modules.calls import Call, Script, Unreadable, run
from modules.crisis.guard import plainly_acute, says_acute


def steps(program: RAISE) -> Iterator[Step]:
    """One step a line."""
    found = lines()
    for acute, texts in ((True, found.acute), (False, found.harmless)):
        for text in texts:
            caught = plainly_acute(text)  # before the clock runs: the rules take a second to load
            yield Step("triage", [acute, text], partial(_put, program, text, acute=acute, caught=caught))


def _put(program: RAISE, text: str, *, acute: bool, caught: bool) -> Outcome:
    try:
        alarm, readable = run(_triage(program, text)), True
    except Unreadable:
        alarm, readable = False, False
    marks: dict[str, Count] = {"readable": one(readable)}
    if acute:
        marks |= {"recall": one(alarm), "caught": one(alarm or caught)}
    else:
        marks["false alarms"] = one(alarm)
    if alarm is acute:
        return Outcome(marks=marks)
    return Outcome(marks=marks, wrong=(f"{'missed' if acute else 'called acute'}: {shorten(text)!r}",))


def _triage(program: RAISE, text: str) -> Script[bool]:
    reply = yield Call(program.triage, {"query": text, "latest_words": text})
    return says_acute(reply.danger)
