"""Everything with a side effect: the partition loop, the stages, the local stack, the command line."""

from rules import VERSION

__version__ = VERSION
