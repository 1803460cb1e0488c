"""The teacher role: answers the prompts by which DSPy's optimizers ask for instructions, advice and observations.

Its advice is a mixed bag on purpose: useful, empty, contradictory and bloated pieces, so that choosing pays.
"""

import random
import re

from lms.simulation.personas import Persona
from lms.simulation.prompt import Prompt
from lms.simulation.tables import read_table

_PROPOSALS: list[dict[str, object]] = read_table("attributes")["proposal"]
_ADVICE: dict[str, tuple[str, ...]] = {
    "respond": (
        "Name the most serious danger for this person in plain words.",
        "Point out warning signs that would mean it is time to get help.",
        "Begin by acknowledging the feeling behind the question.",
        "Show warmth and encourage the person before giving advice.",
        "Tailor every suggestion to the circumstances that are known.",
        "Refer to each known fact that changes what is safe.",
        "Offer a professional or a crisis line when the background is heavy.",
        "Close with one concrete step for this week.",
        "Keep the reply to two sentences.",
        "Do not mention risks unless asked.",
        "Avoid emotional language and stick to facts.",
        "Write clearly.",
        "Consider the matter from every possible angle, weigh all perspectives at length, and reflect on the question "
        "in its widest sense before writing anything at all.",
    ),
    "abstain": (
        "Rate low while the mental health or mood of the person is unknown.",
        "Treat an open question about vulnerability as a reason to keep asking.",
        "Stop asking once further answers would change little.",
        "Spare the person unnecessary questions: rate higher as soon as the main risk is clear.",
        "Be consistent.",
    ),
    "plan": (
        "Choose the most telling attribute first: mental health, feelings, past self-harm.",
        "Follow the examples of similar questions where they agree.",
        "Prefer what could change the answer most.",
        "Pick whatever seems natural.",
    ),
    "ask": ("Use gentle everyday words.", "Say why it helps to know.", "Be brief."),
    "other": ("Read carefully.", "Be exact.", "Answer in the requested form only."),
}
_MODULES: tuple[tuple[str, str], ...] = (
    ("abstain", r"complet|enough|sufficien"),
    ("plan", r"choose the one thing|candidates|attribute"),
    ("ask", r"question about the given subject|short, kind question"),
    ("respond", r"answer the person|safe and helpful|response"),
)


def _module(text: str) -> str:
    return next((name for name, words in _MODULES if re.search(words, text, re.IGNORECASE)), "other")


def _best_attempt(attempts: str) -> str:
    """The last instruction of a list of attempts as COPRO writes it, worst first; empty if there is none."""
    found = re.findall(r"Instruction #\d+: (.+)", attempts)
    return str(found[-1]).strip() if found else ""


def propose(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Fill whatever proposer fields are asked for."""
    attempts = prompt.input("attempted_instructions")
    basis = prompt.input("basic_instruction") or prompt.input("current_instruction") or _best_attempt(attempts)
    advice = _ADVICE[_module(basis or attempts)]
    chosen = rng.sample(advice, min(len(advice), rng.randint(1, 4)))
    instruction = " ".join([basis.strip(), *chosen]).strip()
    modules = re.findall(r"[\w.]+", prompt.input("module_names"))
    by_module = {name: rng.choice(_ADVICE.get(name, _ADVICE["other"])) for name in modules}
    outputs: dict[str, object] = {
        "proposed_instruction": instruction,
        "new_instruction": instruction,
        "shortened_instruction": " ".join(instruction.split()[:60]),
        "proposed_prefix_for_output_field": "Reply:",
        "observations": "People ask ordinary questions whose safe answer depends on their background.",
        "summary": "Ordinary questions with hidden personal risk; the background decides which answer is safe.",
        "program_description": "The program asks a person a few questions, then answers a sensitive question safely.",
        "module_description": "This module handles one step of that conversation.",
        "discussion": "The better run faced the person's situation; the weaker one stayed general.",
        "module_advice": by_module,
        "advice": by_module,
        "natural_language_rules": " ".join(chosen),
        "reasoning": "The known facts decide which answer is safe.",
    }
    return {name: outputs.get(name, " ".join(chosen)) for name in prompt.fields}


def propose_attributes(prompt: Prompt, persona: Persona, rng: random.Random) -> dict[str, object]:
    """Name things that an assistant should know of people; some of them it can know already."""
    count = int(re.sub(r"\D", "", prompt.input("count")) or 3)
    chosen = rng.sample(_PROPOSALS, min(count, len(_PROPOSALS)))
    return {"proposals": chosen, "pattern": "They stayed general where the person's situation decides."}
