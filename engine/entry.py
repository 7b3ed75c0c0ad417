"""Where ``gridwhistle`` begins: until a command is there to be interrupted, Ctrl-C ends the process without a word."""

import signal


def main() -> None:
    """Load the command line, which takes a moment, and hand over."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # who ignores it (``nohup``) goes on doing so
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from engine.cli import main

    main()
