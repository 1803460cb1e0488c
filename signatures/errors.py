"""The one error that is meant for the person at the keyboard."""


class RaiseError(Exception):
    """A mistake in the input, told in one sentence that names the input and the fix.

    The command line prints the sentence without a traceback and exits with code 2.
    """
