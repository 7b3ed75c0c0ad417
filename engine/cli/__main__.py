"""``python -m engine.cli`` is ``gridwhistle``."""

from engine.entry import main

main()
