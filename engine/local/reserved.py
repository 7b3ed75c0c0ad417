"""Two stacks that start at one moment: each finds the same ports free, seconds before its servers take them."""

import socket

from engine.errors import StackBusy

_kept: dict[int, socket.socket] = {}
"""First port -> what says to others that it is ours; it goes with this process, however that ends."""


def is_reserved(base: int) -> bool:
    """Reserve the block of ports that begins here, for as long as this process lives; false: another stack has it.

    An abstract socket: it lies in no folder, and where ports are apart (containers) it is too.
    """
    if base in _kept:
        return True
    one = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        one.bind(f"\0gridwhistle ports from {base}")
    except OSError:
        one.close()
        return False
    _kept[base] = one
    return True


def demand_reserved(base: int) -> None:
    """Reserve a block that was asked for.

    Raises:
        StackBusy: Another stack is about to take it.
    """
    if not is_reserved(base):
        raise StackBusy(
            f"another 'gridwhistle up' takes the ports from {base} on; wait until it is up or has ended, or choose"
            " others with --port-base"
        )
