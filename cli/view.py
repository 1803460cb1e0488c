"""``raise view``: conversations on a page, served here or written to a file."""

import threading
from pathlib import Path

from benchmark.evaluation.ratings import FILE, Ratings
from cli.browsers import has_display, open_when_ready
from cli.console import err, print_json
from cli.inputs import refuse_folder
from cli.options.view import Options
from cli.servers import refuse_taken
from cli.settings import load_settings, place_for
from modules.files import keeping, write_whole
from optimizers.view.page import write_view
from optimizers.view.source import Shown, find_shown
from signatures import RaiseError

HOST = "127.0.0.1"
"""Conversations are for this machine alone."""


def run(options: Options) -> None:
    """Write the page, or serve it until told to end.

    Raises:
        RaiseError: if there is nothing to show, or nothing can listen there.
    """
    if options.json and not options.out:
        raise RaiseError("--json tells what was written: name a file with --out.")
    if options.out:
        refuse_folder(options.out, "an HTML file for the page")
    place = place_for(options.store, load_settings())
    root = place.folder
    shown = find_shown(options.conversations, place)
    if shown.missing:
        err.print(f"{shown.missing} recorded conversations are not in {root} (--store names another)", soft_wrap=True)
    if shown.unreadable:
        err.print(f"{shown.unreadable} conversations in {root} are left out, since they cannot be read", soft_wrap=True)
    if options.out:
        _write(shown if options.contents else shown.without_private_words(), options.out, json=options.json)
    else:
        _serve(shown, Ratings(options.ratings or root / FILE), options)


def _write(shown: Shown, file: Path, *, json: bool) -> None:
    with keeping(file):
        write_whole(file, write_view(shown, served=False), private=True)
    if json:
        print_json({"simulated": shown.simulated, "page": str(file), "conversations": len(shown.episodes)})
    else:
        err.print(f"wrote {file}", soft_wrap=True)


def _serve(shown: Shown, ratings: Ratings, options: Options) -> None:
    try:
        from serving.viewer import make_viewer, serve_viewer  # noqa: PLC0415  only this needs the libraries
    except ModuleNotFoundError as error:
        raise RaiseError(
            f"a served page needs {error.name}: pip install 'raise-penguin[serve]', or write it with --out."
        ) from error
    refuse_taken(HOST, options.port)
    app, base = make_viewer(shown, ratings), f"http://{HOST}:{options.port}/"
    err.print(f"{len(shown.episodes)} conversations on {base} (Ctrl-C stops it)", soft_wrap=True)
    err.print(f"ratings go to {ratings.file}", soft_wrap=True)
    if options.browser and has_display():
        threading.Thread(target=open_when_ready, args=(HOST, options.port, base), daemon=True).start()
    serve_viewer(app, HOST, options.port)
