"""``--verbose``: the log records of this project on stderr, above the progress bars."""

import logging

from cli.console import err

PACKAGES = ("signatures", "modules", "lms", "benchmark", "optimizers", "serving", "cli")


class OnStderr(logging.Handler):
    """Prints records with the console of the progress bars, so that neither overwrites the other."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print one record, without secrets."""
        from signatures.masking import masked  # noqa: PLC0415  heavy, and loaded by whoever logs

        err.print(masked(self.format(record)), style="dim", soft_wrap=True)


def show_logs(verbosity: int) -> None:
    """Show what is being done (1) or every detail (2) of our own packages; with 0, leave things as they are."""
    if verbosity:
        handler = OnStderr()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
        for name in PACKAGES:
            logger = logging.getLogger(name)
            logger.handlers = [handler]
            logger.setLevel(logging.INFO if verbosity == 1 else logging.DEBUG)
