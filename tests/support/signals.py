"""A child that hears what ends it: whoever runs the tests in the background, or by ``nohup``, has them ignore Ctrl-C or
a closed terminal, and each child would do so too."""

import signal


def heard() -> None:
    """For ``preexec_fn``: as in a terminal."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
