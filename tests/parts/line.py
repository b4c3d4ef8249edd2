"""A TCP line to a server on loopback that tests can hold up; it counts who calls."""

import contextlib
import socket
import threading
from typing import Self


class Line:
    """Forwards every connection to ``port``; while it is held, bytes from the server wait and then come all at once."""

    def __init__(self, port: int) -> None:
        self.calls = 0
        self._server_port = port
        self._flows = threading.Event()
        self._flows.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def hold(self) -> None:
        """Let nothing from the server through."""
        self._flows.clear()

    def release(self) -> None:
        """Let it flow again, beginning with what has waited."""
        self._flows.set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flows.set()
        for one in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # the listener was closed
            while True:
                caller = self._listener.accept()[0]
                self.calls += 1
                self._sockets.append(caller)
                try:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                except ConnectionRefusedError:
                    caller.close()
                    continue
                self._sockets.append(server)
                threading.Thread(target=self._pump, args=(caller, server, None), daemon=True).start()
                threading.Thread(target=self._pump, args=(server, caller, self._flows), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, target: socket.socket, flows: threading.Event | None) -> None:
        with contextlib.suppress(OSError):  # either end has gone
            while content := source.recv(65536):
                if flows is not None:
                    flows.wait()
                target.sendall(content)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
