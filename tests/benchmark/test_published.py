"""The paper's figures, and which models they are about."""

import pytest

from benchmark.published import paper_name, published


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("sim/gpt-4o", "gpt-4o"),
        ("sim/gpt-4o?misread=0.1", "gpt-4o"),
        ("openai/gpt-4o-2024-08-06", "gpt-4o"),
        ("hosted_vllm/meta-llama/Llama-3.1-8B-Instruct", "llama-3.1-8b"),
        ("mistralai/Mistral-7B-Instruct-v0.3", "mistral-7b"),
        ("Qwen/Qwen2.5-7B-Instruct", "qwen-2.5-7b"),
        ("deepseek-ai/deepseek-llm-7b-chat", "deepseek-7b"),
        ("openai/gpt-4o-mini", None),
        ("openai/gpt-4", None),
        ("meta-llama/Llama-3.1-70B-Instruct", None),
        ("sim/user", None),
    ],
)
def test_only_the_papers_own_models_are_compared_with_it(model: str, name: str | None) -> None:
    assert paper_name(model) == name


def test_table_2_averages_are_those_of_its_domains() -> None:
    content = published()
    for model, statuses in content["table2"].items():
        for status, cells in statuses.items():
            assert len(cells) == len(content["table2_domains"]) == 7
            # the paper's averages are of unrounded cells
            assert content["safety"][model][status] == pytest.approx(sum(cells) / 7, abs=0.015)
