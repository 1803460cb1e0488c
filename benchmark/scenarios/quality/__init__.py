"""Quality gates on scenario sets: figures with limits, red or green, and the items at fault.

``inspect`` runs them all on any :class:`benchmark.ScenarioSet`; ``quality_page`` writes the report with plots.
"""

from benchmark.scenarios.quality.gate import Gate
from benchmark.scenarios.quality.page import quality_page
from benchmark.scenarios.quality.report import QualityReport, inspect

__all__ = ["Gate", "QualityReport", "inspect", "quality_page"]
