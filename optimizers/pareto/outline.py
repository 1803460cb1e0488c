"""What the program does, in words and fields, for the teacher that proposes instructions.

DSPy would show the teacher the source code of the program's class. That is long, and a change of the code that changes
no behaviour would make the same compile propose other instructions.
"""

import dspy

FLOW = """A person asks a sensitive question; the program asks a few questions back before it answers.
Each turn: triage looks for acute danger, which ends the conversation with help at once. abstain decides whether enough
is known. If not, plan chooses one attribute of the person, ask puts it as a question, the person answers or skips, and
read takes the facts from their answer. When enough is known, or no question is left, respond answers."""


def outline(program: dspy.Module) -> str:
    """The flow of a conversation, and each predictor with the descriptions of its fields."""
    parts = [FLOW]
    for name, predictor in program.named_predictors():
        signature = predictor.signature
        head = f"{name}({', '.join(signature.input_fields)}) -> {', '.join(signature.output_fields)}"
        fields = [f"    {field}: {info.json_schema_extra['desc']}" for field, info in signature.fields.items()]
        parts.append("\n".join([head, *fields]))
    return "\n\n".join(parts)
