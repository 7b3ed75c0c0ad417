"""A wire between browser and gateway that can be cut: nothing is said on it any more, and nothing is closed either."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

PIECE = 65536


class Wire:
    """A port that leads to another, for as long as it is whole."""

    def __init__(self, to: tuple[str, int]) -> None:
        """Listen; nobody has come."""
        self._to, self._whole = to, threading.Event()
        self._whole.set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._ends: list[socket.socket] = []
        self._seen = bytearray()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @contextmanager
    def running(self) -> Iterator["Wire"]:
        """Until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._whole.set()
            self._door.close()
            for end in self._ends:
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def cut(self) -> None:
        """From now on whatever is sent is lost."""
        self._whole.clear()

    def mend(self) -> None:
        """Whoever comes anew gets through; what was open stays dead, as after a change of network."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._seen.clear()
        self._whole.set()

    def is_up(self) -> bool:
        """Whether somebody listens at its far end."""
        with suppress(OSError), socket.create_connection(self._to, timeout=2):
            return True
        return False

    def came(self) -> bytes:
        """What the gateway has sent since it was mended."""
        return bytes(self._seen)

    def _run(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._ends.append(near)
        if not self._whole.is_set():
            return  # taken, and never answered
        try:
            far = socket.create_connection(self._to, timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        self._ends.append(far)
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=self._carry, args=(one, other, one is far), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket, is_answer: bool) -> None:
        with suppress(OSError):
            while piece := one.recv(PIECE):
                if not self._whole.is_set():
                    continue
                if is_answer:
                    self._seen += piece
                other.sendall(piece)
            other.shutdown(socket.SHUT_WR)
