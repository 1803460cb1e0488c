"""``raise mcp``: a program as tools for somebody else's agent."""

import os
import signal
from collections.abc import Callable
from types import FrameType

from cli.console import err
from cli.interrupts import SIGNALS, STOPPED
from cli.options.mcp import Options
from cli.served import open_served, warn_of_stand_in
from cli.servers import refuse_taken
from signatures import RaiseError

HOST = "127.0.0.1"


def run(options: Options) -> None:
    """Serve the tools until the client is gone, or until told to end.

    Raises:
        RaiseError: if the libraries are missing, or nothing can listen at the port.
    """
    try:
        from serving.limits import Limits  # noqa: PLC0415  only this command needs the libraries
        from serving.logs import write_json_lines  # noqa: PLC0415
        from serving.mcp_tools import PATH, make_http_app, make_tools  # noqa: PLC0415
        from serving.metrics import Metrics  # noqa: PLC0415
        from serving.server import serve  # noqa: PLC0415
        from serving.tracing import traces_for  # noqa: PLC0415
        from serving.turns import Turns  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise RaiseError(f"raise mcp needs {error.name}: pip install 'raise-penguin[mcp]'.") from error
    served = open_served(options.program, options)
    member, limits = served.members[0], Limits(seconds=options.timeout)
    metrics = Metrics()
    traces = traces_for(os.environ, served.root, None, metrics.count_traces)
    tools = make_tools(member, Turns(served.members, served.models, limits, metrics, traces))
    warn_of_stand_in(served)
    if options.port is None:
        write_json_lines()
        _leave_when_told(traces.close)
        tools.run("stdio")
        traces.close()
        return
    refuse_taken(HOST, options.port)
    err.print(f"{member.id} has its tools at http://{HOST}:{options.port}{PATH} (Ctrl-C stops it)", soft_wrap=True)
    write_json_lines()
    serve(make_http_app(tools), HOST, options.port, limits.seconds)
    traces.close()


def _leave_when_told(last: Callable[[], None]) -> None:
    """End at once when asked to, but for ``last``: a thread that waits for stdin would hold the process up."""

    def leave(number: int, frame: FrameType | None) -> None:
        last()
        os._exit(STOPPED)

    for number in SIGNALS:
        signal.signal(number, leave)
