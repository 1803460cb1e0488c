"""The agent's LM calls: triage, abstention, planning, asking, reading, responding (paper, section 5 and appendix D).

Each docstring is the instruction that the model gets. It must serve uncompiled; optimizers start from it.

Inputs stand in the order in which they change: what is the same in every call first, then what is the same in all calls
of a conversation. Prompts then begin alike for as long as they can, and providers' prefix caches hit.
"""

from typing import Any

import dspy


class TriageRisk(dspy.Signature):
    """Decide whether the person may be in acute danger right now, or may be about to put somebody else in danger.

    Acute means that waiting could cost a life or serious injury: an intention, plan or attempt to die or to hurt
    someone, an overdose, violence that is happening. Sadness, stress, painful memories and figures of speech ("this job
    is killing me") are not acute."""

    query: str = dspy.InputField(desc="what the person first asked")
    latest_words: str = dspy.InputField(desc="the last thing the person said")
    danger: str = dspy.OutputField(desc="acute or none")


class EnoughScale(dspy.Signature):
    """Rate how completely you know this person's situation for answering their question safely.

    Think of the person for whom an ordinary answer would do most harm. If what is known neither rules that person out
    nor tells you how to protect them, the rating is low. Scale: 0 nothing relevant is known; 1 hardly anything; 2 some
    background, but the main risk is open; 3 the main risk is partly clear; 4 clear enough, further answers would change
    little; 5 everything that matters is known."""

    query: str = dspy.InputField(desc="what the person asked")
    context: str = dspy.InputField(desc="what is known about the person")
    missing: str = dspy.OutputField(desc="in a few words, what unknown fact could change the answer most")
    completeness: int = dspy.OutputField(desc="whole number from 0 to 5")


class EnoughBinary(dspy.Signature):
    """Decide whether enough is known about this person to answer their question safely.

    Say yes only if no likely background that is still unknown would make the answer harmful."""

    query: str = dspy.InputField(desc="what the person asked")
    context: str = dspy.InputField(desc="what is known about the person")
    enough: str = dspy.OutputField(desc="yes or no")


class EnoughBasic(dspy.Signature):
    """Either declare that you can answer this person safely now, or name the one attribute you need to know first."""

    query: str = dspy.InputField(desc="what the person asked")
    context: str = dspy.InputField(desc="what is known about the person")
    candidates: str = dspy.InputField(desc="attributes that may still be asked, comma separated")
    next_move: str = dspy.OutputField(desc="the word answer, or one attribute from the candidates")


class DecideAndAsk(dspy.Signature):
    """Rate how completely you know this person's situation for answering safely, and prepare the next question.

    Think of the person for whom an ordinary answer would do most harm. Scale: 0 nothing relevant is known; 1 hardly
    anything; 2 some background, but the main risk is open; 3 the main risk is partly clear; 4 clear enough, further
    answers would change little; 5 everything that matters is known. Then pick the attribute whose answer would change
    most what a safe reply looks like; the examples show in which order it paid to ask for similar questions. Put it as
    one short, kind question in the language of the person's own question, in everyday words, easy to skip; where it is
    delicate, say in half a sentence why knowing it helps."""

    query: str = dspy.InputField(desc="what the person asked")
    examples: str = dspy.InputField(desc="planned orders for similar questions, best first")
    context: str = dspy.InputField(desc="what is known about the person")
    candidates: str = dspy.InputField(desc="attributes that may still be asked, comma separated")
    completeness: int = dspy.OutputField(desc="whole number from 0 to 5")
    attribute: str = dspy.OutputField(desc="exactly one of the candidates")
    question: str = dspy.OutputField(desc="one question about it, at most two sentences")


class TakeTurn(dspy.Signature):
    """Take one turn of a conversation: read the person's reply, then prepare one question or, if it is time, an answer.

    1. Read the reply. Note every listed attribute that it states, in the person's own words shortened to a phrase, and
    copy the words that say it: a fact without such words is thrown away. Never guess. Leave out what the reply only
    hints at, what it says of somebody else, and what is in doubt.
    2. Decide whether the person may be in acute danger right now, or may be about to put somebody else in danger:
    waiting could cost a life. Sadness, stress, painful memories and figures of speech are not acute.
    3. Rate how completely you now know this person's situation. Think of the person for whom an ordinary answer would
    do most harm. Scale: 0 nothing relevant is known; 1 hardly anything; 2 some background, but the main risk is open; 3
    the main risk is partly clear; 4 clear enough, further answers would change little; 5 everything that matters is
    known.
    4. If the rating is below the threshold and there are candidates, pick the one whose answer would change most what a
    safe reply looks like, but none that the reply just told; the examples show in which order it paid to ask for
    similar questions. Put it as one short, kind question in the language of the person's own question, in everyday
    words, easy to skip. Leave the response empty.
    5. Otherwise leave attribute and question empty, and answer the person's query in a way that is safe and helpful for
    this particular person. Rely on what is known about them, and do not assume what is not."""

    # What turns share comes first, for the caches of providers; the person's latest words come last.
    attributes: str = dspy.InputField(desc="attribute names with their meanings")
    threshold: str = dspy.InputField(desc="rating from which you answer")
    query: str = dspy.InputField(desc="what the person asked")
    examples: str = dspy.InputField(desc="planned orders for similar questions, best first")
    candidates: str = dspy.InputField(desc="attributes that may still be asked, comma separated; if (none), answer")
    context: str = dspy.InputField(desc="what is known about the person")
    last_question: str = dspy.InputField(desc="what the person was asked last")
    reply: str = dspy.InputField(desc="their reply to it")
    quotes: str = dspy.OutputField(
        desc="JSON object: attribute name to the few words of the reply that say it, copied; {} if none", default=None
    )
    facts: str = dspy.OutputField(
        desc="JSON object: attribute name to value, for the same attributes; {} if none", default=None
    )
    declined: str = dspy.OutputField(desc="True if the person would rather not answer, else False", default=None)
    danger: str = dspy.OutputField(desc="acute or none", default=None)
    completeness: str = dspy.OutputField(desc="whole number from 0 to 5", default=None)
    attribute: str = dspy.OutputField(desc="exactly one of the candidates; empty if you answer", default="")
    question: str = dspy.OutputField(
        desc="one question about it, at most two sentences; empty if you answer", default=""
    )
    response: str = dspy.OutputField(desc="the answer to the query; empty if you ask", default="")


class ChooseAttribute(dspy.Signature):
    """Choose the one thing to ask this person next.

    Take the attribute whose answer would change most what a safe and fitting reply looks like. The examples show in
    which order it paid to ask for similar questions, with the safety reached (1 to 5); follow them where they fit, and
    skip what is known already."""

    query: str = dspy.InputField(desc="what the person asked")
    examples: str = dspy.InputField(desc="planned orders for similar questions, best first")
    context: str = dspy.InputField(desc="what is known about the person")
    candidates: str = dspy.InputField(desc="attributes that may still be asked, comma separated")
    attribute: str = dspy.OutputField(desc="exactly one of the candidates")


class RankAttributes(dspy.Signature):
    """Rank what would be most telling to learn about a person before answering this question safely.

    Put first the attribute whose value could most change which answer is safe."""

    query: str = dspy.InputField(desc="what the person asked")
    context: str = dspy.InputField(desc="what is known about the person")
    candidates: str = dspy.InputField(desc="attributes to rank, comma separated")
    ranking: str = dspy.OutputField(desc="all candidates, most telling first, comma separated")


class AskKindly(dspy.Signature):
    """Ask the person one short, kind question about the given subject, in the language of their own question.

    Use everyday words, never the subject's technical name. Make plain that they may skip it. If the subject is
    delicate, say in half a sentence why knowing it helps."""

    query: str = dspy.InputField(desc="what the person asked")
    context: str = dspy.InputField(desc="what is known about the person")
    subject: str = dspy.InputField(desc="what to ask about, and whether it is delicate")
    question: str = dspy.OutputField(desc="one question, at most two sentences")


class ReadAnswer(dspy.Signature):
    """Read facts about the person out of their reply.

    Take every listed attribute that the reply states, also those that were not asked for, in the person's own words
    shortened to a phrase. For each, first copy the words of the reply that say it: a fact without such words is thrown
    away. Never guess: leave out what the reply only hints at, what it says of somebody else, and what is in doubt. Say
    whether the person refuses to answer the question."""

    attributes: str = dspy.InputField(desc="attribute names with their meanings")
    question: str = dspy.InputField(desc="what the person was asked")
    answer: str = dspy.InputField(desc="their reply")
    quotes: dict[str, Any] = dspy.OutputField(desc="attribute name to the few words of the reply that say it, copied")
    facts: dict[str, Any] = dspy.OutputField(desc="attribute name to value, for the same attributes")
    declined: bool = dspy.OutputField(desc="True if the person would rather not answer")


class RespondSafely(dspy.Signature):
    """Answer the person's question in a way that is safe and helpful for this particular person.

    Rely on what is known about them, and do not assume what is not."""

    query: str = dspy.InputField(desc="what the person asked")
    context: str = dspy.InputField(desc="what is known about the person")
    response: str = dspy.OutputField(desc="the reply to the person")
