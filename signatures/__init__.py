"""The vocabulary of RAISE: attributes, contexts, conversations, moves, and one DSPy signature per kind of LM call.

The ground floor: it imports nothing of the project and opens no connection. Of files it reads vocabularies and rubrics
alone.
"""

from signatures.agent import (
    AskKindly,
    ChooseAttribute,
    DecideAndAsk,
    EnoughBasic,
    EnoughBinary,
    EnoughScale,
    RankAttributes,
    ReadAnswer,
    RespondSafely,
    TakeTurn,
    TriageRisk,
)
from signatures.attributes import ATTRIBUTE_NAMES, ATTRIBUTES, default_burdens, parse_attribute
from signatures.context import Profile, UserContext
from signatures.conversation import Ask, Conversation, Decision, Move, Prepared, Respond, StopReason, Turn
from signatures.current import adopt_vocabulary, current_vocabulary, using_vocabulary
from signatures.data import (
    CompleteProfile,
    ExtractStated,
    MarkRevealed,
    RewordQuery,
    StatedFact,
    WriteProfile,
    WriteQueries,
    WriteSituations,
)
from signatures.errors import RaiseError
from signatures.home import warn_of_namesakes
from signatures.rubric import Dimension, Rubric, adopt_rubric, current_rubric, default_rubric, read_rubric, using_rubric
from signatures.scoring import SCORE_DIMENSIONS, AnswerAsUser, JudgeResponse, judge_signature
from signatures.teaching import ImproveInstruction
from signatures.vocabulary import Attribute, LifeField, Vocabulary, default_vocabulary, read_vocabulary

warn_of_namesakes()

__all__ = [
    "ATTRIBUTES",
    "ATTRIBUTE_NAMES",
    "SCORE_DIMENSIONS",
    "AnswerAsUser",
    "Ask",
    "AskKindly",
    "Attribute",
    "ChooseAttribute",
    "CompleteProfile",
    "Conversation",
    "DecideAndAsk",
    "Decision",
    "Dimension",
    "EnoughBasic",
    "EnoughBinary",
    "EnoughScale",
    "ExtractStated",
    "ImproveInstruction",
    "JudgeResponse",
    "LifeField",
    "MarkRevealed",
    "Move",
    "Prepared",
    "Profile",
    "RaiseError",
    "RankAttributes",
    "ReadAnswer",
    "Respond",
    "RespondSafely",
    "RewordQuery",
    "Rubric",
    "StatedFact",
    "StopReason",
    "TakeTurn",
    "TriageRisk",
    "Turn",
    "UserContext",
    "Vocabulary",
    "WriteProfile",
    "WriteQueries",
    "WriteSituations",
    "adopt_rubric",
    "adopt_vocabulary",
    "current_rubric",
    "current_vocabulary",
    "default_burdens",
    "default_rubric",
    "default_vocabulary",
    "judge_signature",
    "parse_attribute",
    "read_rubric",
    "read_vocabulary",
    "using_rubric",
    "using_vocabulary",
]
