"""The same load through inspect_ai, run by a Python that has it: it is no dependency of ours.

``PYTHON with_inspect.py URL SAMPLES IN_FLIGHT`` prints calls a second and milliseconds of processor time a call.
"""

# mypy: ignore-errors
import asyncio
import json
import os
import sys
import tempfile
import time


def main() -> None:
    """Evaluate, print."""
    url, samples, flight = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.environ.update(LOCAL_API_KEY="none", LOCAL_BASE_URL=url, INSPECT_DISPLAY="none")
    from inspect_ai import Task, eval_async  # noqa: PLC0415  reads the variables above
    from inspect_ai.dataset import Sample  # noqa: PLC0415
    from inspect_ai.solver import generate, solver  # noqa: PLC0415

    marks = []

    @solver
    def noted():
        async def solve(state, generate):
            marks.append((time.perf_counter(), time.process_time()))
            return state

        return solve

    questions = [Sample(input=f"Question {i}: should I quit my job? " * 20) for i in range(samples)]
    task = Task(dataset=questions, solver=[generate(), noted()])
    with tempfile.TemporaryDirectory() as logs:
        work = eval_async(
            task, model="openai-api/local/gpt-4o-mini", log_dir=logs, max_connections=flight, max_samples=flight,
            log_level="error",
        )  # fmt: skip
        asyncio.run(work)
    calls = marks[flight // 2 : len(marks) - flight]
    (began, cpu), (ended, cpu_after) = calls[0], calls[-1]
    made = len(calls) - 1
    print(json.dumps({"calls": made / (ended - began), "cpu": 1000 * (cpu_after - cpu) / made}))


if __name__ == "__main__":
    main()
