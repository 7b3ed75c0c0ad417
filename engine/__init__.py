"""Everything with a side effect: the partition loop, the stages, the local stack, the command line."""

__version__ = "0.1.0"
