"""``python -m engine.cli`` is ``gridwhistle``."""

from engine.cli import main

main()
