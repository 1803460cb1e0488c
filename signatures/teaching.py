"""What the teacher is asked: better instructions, from conversations that went badly."""

import dspy


class ImproveInstruction(dspy.Signature):
    """Rewrite the instruction of one step of an assistant, so that conversations like these go better.

    The assistant asks people a few questions before it answers them, so that its answer is safe for the person at hand.
    Keep what works, mend what the feedback complains about, and state general rules: no names, no facts about the
    people in the examples, no quotations from them. Plain sentences, as short as the matter allows."""

    step: str = dspy.InputField(desc="which step of the assistant the instruction is for")
    current_instruction: str = dspy.InputField(desc="the instruction as it stands")
    examples: str = dspy.InputField(desc="conversations with feedback on this step")
    new_instruction: str = dspy.OutputField(desc="the better instruction, complete, ready to be used as it is")
