"""The layout of prompts: dspy's chat format, with the part that all calls of a signature share put together once."""

from functools import lru_cache
from typing import Any

import dspy

from signatures.replies import split_marks


class SteadyChatAdapter(dspy.ChatAdapter):
    """``dspy.ChatAdapter``, faster: descriptions and structure of fields are the same for every call of a signature.

    Prompts are the same to the letter. Formatting these parts anew took a sixth of a simulated run, and a pydantic
    serializer for each text in them a tenth of a real one.
    """

    def parse(self, signature: type[dspy.Signature], completion: str) -> dict[str, Any]:
        """As ``dspy.ChatAdapter``; a field mark in the middle of a line counts as one, too."""
        fields: dict[str, Any] = super().parse(signature, split_marks(completion))
        return fields

    def format_user_message_content(
        self,
        signature: type[dspy.Signature],
        inputs: dict[str, Any],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        """The inputs, and what is asked for."""
        if not all(type(inputs[name]) is str for name in signature.input_fields if name in inputs):
            return str(super().format_user_message_content(signature, inputs, prefix, suffix, main_request))
        parts = [f"[[ ## {name} ## ]]\n{inputs[name]}" for name in signature.input_fields if name in inputs]
        asked = [self.user_message_output_requirements(signature)] if main_request else []  # type: ignore[arg-type]
        return "\n\n".join([prefix, *parts, *asked, suffix]).strip()

    @lru_cache(256)  # noqa: B019
    def user_message_output_requirements(self, signature: type[dspy.Signature]) -> str:
        """What is asked for."""
        return str(super().user_message_output_requirements(signature))

    @lru_cache(256)  # noqa: B019  there is one adapter, and it lives as long as the process
    def format_field_description(self, signature: type[dspy.Signature]) -> str:
        """What the fields of ``signature`` are."""
        return str(super().format_field_description(signature))

    @lru_cache(256)  # noqa: B019
    def format_field_structure(self, signature: type[dspy.Signature]) -> str:
        """How prompt and reply are laid out."""
        return str(super().format_field_structure(signature))


_STEADY = SteadyChatAdapter()
_STRUCTURED = dspy.JSONAdapter(use_native_function_calling=False)


def adapter(structured: bool = False) -> Any:
    """The adapter that was configured in dspy, or else this one.

    Args:
        structured: ask for one JSON object by schema.
    """
    return dspy.settings.adapter or own_adapter(structured)


def own_adapter(structured: bool = False) -> Any:
    """The adapter by which programs run here, whatever is configured in dspy."""
    return _STRUCTURED if structured else _STEADY
