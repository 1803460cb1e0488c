"""The generated set: situations, people and questions written by a language model, and checked in code (paper, A.3)."""

from benchmark.scenarios.synthetic.build import Generated, GenerateSettings, generate

__all__ = ["GenerateSettings", "Generated", "generate"]
