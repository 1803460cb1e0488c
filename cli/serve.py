"""``raise serve``: a program behind OpenAI's chat API."""

import os
from functools import partial

from cli.console import err
from cli.options.serve import Options
from cli.served import Served, open_served, warn_of_stand_in
from cli.servers import is_loopback, refuse_taken
from signatures import RaiseError

KEY = "RAISE_API_KEY"
"""Variable with the key that clients must send."""


def run(options: Options) -> None:
    """Serve until told to end.

    Raises:
        RaiseError: if the libraries are missing, the address needs a key, or nothing can listen there.
    """
    try:
        from serving.app import make_app  # noqa: PLC0415  only this command needs the libraries
        from serving.limits import Limits  # noqa: PLC0415
        from serving.logs import write_json_lines  # noqa: PLC0415
        from serving.server import serve  # noqa: PLC0415
        from serving.tracing import traces_for  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise RaiseError(f"raise serve needs {error.name}: pip install 'raise-penguin[serve]'.") from error
    served = open_served(options.program, options)  # reads .env, too
    key = options.api_key or os.environ.get(KEY) or None
    host, port = options.host, options.port
    refuse_taken(host, port)
    if key is None and not is_loopback(host):
        raise RaiseError(f"--host {host} lets others in: set {KEY} to a key that clients must send.")
    limits = Limits(turns=options.turns, seconds=options.timeout)
    traces = partial(traces_for, os.environ, served.root, key)
    app = make_app(served.members, served.models, key=key, limits=limits, traces=traces)
    _tell(served, f"http://{f'[{host}]' if ':' in host else host}:{port}")
    write_json_lines()
    serve(app, host, port, limits.seconds)


def _tell(served: Served, base: str) -> None:
    warn_of_stand_in(served)
    err.print(f"{served.members[0].id} answers at {base}/v1 (Ctrl-C stops it)", soft_wrap=True)
