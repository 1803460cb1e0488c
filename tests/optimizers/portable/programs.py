"""Programs to export: every variant, with planned paths, demonstrations and awkward texts."""

import dspy

from modules import RAISE, AgentSettings
from modules.abstention import VARIANTS
from modules.sealed import put_prompt
from tests.modules.scripted import STORED

SETTINGS: dict[str, AgentSettings] = {
    **{str(variant): AgentSettings(abstention=variant) for variant in VARIANTS},
    "eager": AgentSettings(eager=True),
    "planned": AgentSettings(shortlist=1),
}
BRACES = "Write {{name}}, {{{x}}}, {% if a %}, {# b #}, {\u2060{c}} or { {d}} as it stands."


def program_of(variant: str) -> RAISE:
    """A program whose prompts have demonstrations, some of them incomplete, and braces."""
    program = RAISE(STORED, SETTINGS[variant])
    program.respond.signature = program.respond.signature.with_instructions(f"  Answer.\n\n    {BRACES}\n  Kindly. ")
    program.respond.demos = [
        dspy.Example(
            query="Is {{this}} ok?\n\nReally?", context="{{age}}: 40", response=f"Ja, schön. {BRACES}\n\n1. a\n"
        ),
        dspy.Example(query="Only half", response="of it"),
    ]
    shown = dspy.Example(query="", latest_words="ok", danger="none", augmented=True)
    put_prompt(program.triage, program.triage.signature, [shown])
    program.read.demos = [
        dspy.Example(
            attributes="- age: x",
            question="?",
            answer="I'm 40",
            quotes={"age": "I'm 40"},
            facts={"age": 40},
            declined=False,
        ),
        dspy.Example(attributes="", question="", answer="no", quotes="{}", facts="{}", declined="True"),
    ]
    return program
