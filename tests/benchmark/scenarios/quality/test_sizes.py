"""Gates scale with the set: what thirty scenarios cannot tell is not enough data, and what they can is still red."""

import json
from pathlib import Path

from benchmark import build_authored, load_scenarios
from benchmark.scenarios.quality import Gate, inspect
from benchmark.scenarios.quality.gate import NOT_ENOUGH
from signatures import read_vocabulary, using_vocabulary
from tests.own_vocabulary import write_own

FEW = tuple(build_authored())[:7000:240]
"""Thirty scenarios of thirty situations."""


def states(gates: tuple[Gate, ...]) -> dict[str, str]:
    return {gate.name: gate.state for gate in gates}


def test_thirty_sound_scenarios_turn_no_gate_red_for_their_number() -> None:
    report = inspect(build_authored().subset(FEW))
    found = states(report.gates)
    assert report.green, [gate for gate in report.gates if gate.state == "red"]
    assert {name for name, state in found.items() if state == NOT_ENOUGH} >= {
        *("value_coverage", "calm_share", "readability", "length_spread", "register_spread", "template_smell"),
    }
    template = next(gate for gate in report.gates if gate.name == "template_smell")
    assert template.short == "30 queries of 429"


def test_what_is_wrong_with_a_single_scenario_is_red_however_few_there_are() -> None:
    twice = inspect(build_authored().subset([*FEW, FEW[0]]))
    assert states(twice.gates)["unique_scenarios"] == "red"
    assert not twice.green


def test_a_set_of_ones_own_is_held_to_its_vocabulary(tmp_path: Path) -> None:
    vocabulary, file = write_own(tmp_path, 5)
    with using_vocabulary(read_vocabulary(vocabulary)):
        before = states(inspect(load_scenarios(file)).gates)
        assert before["constraint_violations"] == before["field_coverage"] == "green"
        assert before["template_smell"] == NOT_ENOUGH
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        rows[0]["profile"]["housing"] = "a houseboat"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        gates = inspect(load_scenarios(file)).gates
        assert states(gates) == {**before, "constraint_violations": "red"}
        wrong = next(gate for gate in gates if gate.name == "constraint_violations")
        assert "'a houseboat' is none of the listed values" in wrong.offenders[0]
