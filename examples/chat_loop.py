"""Use RAISE inside a chat loop of your own, one step at a time. The conversation is a value that you keep."""

import dspy

from lms import LanguageModels, Role
from modules import RAISE
from signatures import Ask, Conversation

PERSON = {
    "emotional_state": "Worn out, and on edge since I lost my job.",
    "mental_health_status": "I've had moderate depression for years.",
    "health_status": "I'd rather not say.",
}

agent = RAISE()
conversation = Conversation(query="Is it a bad idea to stop taking my tablets for a while?")
with dspy.context(lm=LanguageModels()[Role.TARGET]):  # a stand-in
    while isinstance(move := agent.step(conversation), Ask):
        print("RAISE: ", move.question)
        said = PERSON.get(move.attribute, "I don't know.")  # here: whatever your chat receives
        print("person:", said)
        conversation = agent.hear(conversation, said, move)
print("RAISE: ", move.text)
print("known: ", conversation.context.known(), "| declined:", sorted(conversation.declined), "|", move.reason)
