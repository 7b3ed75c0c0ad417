"""The library of CEL (DESIGN 8) without its command line: that brings a terminal's library along, 10 MB of every
process and 0.1 s of every command."""

import sys
from types import ModuleType

sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))  # the package imports it by itself, and uses nothing of it

import cel as cel  # noqa: E402
