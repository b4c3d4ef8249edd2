"""A TCP line to a server on loopback that tests can hold up, cut and delay; it counts who calls."""

import contextlib
import queue
import socket
import threading
import time
from typing import Self


class Line:
    """Forwards every connection to ``port``; while it is held, bytes from the server wait and then come all at once.

    ``late``: seconds by which connections made from now on deliver an RTSP server's media, whose answers come at once.
    """

    def __init__(self, port: int) -> None:
        self.calls = 0
        self.late = 0.0
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

    def cut(self) -> None:
        """End every connection there is."""
        for one in self._sockets:
            with contextlib.suppress(OSError):  # it has ended already
                one.shutdown(socket.SHUT_RDWR)
        self._sockets.clear()

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
                pump = self._pump_late if self.late else self._pump
                threading.Thread(target=pump, args=(server, caller, self._flows), daemon=True).start()

    def _pump_late(self, source: socket.socket, target: socket.socket, _flows: threading.Event) -> None:
        waiting: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        delay = self.late

        def deliver() -> None:
            with contextlib.suppress(OSError):  # either end has gone
                while content := waiting.get():
                    time.sleep(max(0.0, content[0] - time.monotonic()))
                    target.sendall(content[1])
                    if not content[1]:
                        return

        threading.Thread(target=deliver, daemon=True).start()
        media = False
        with contextlib.suppress(OSError):
            while content := source.recv(65536):
                media = media or content.startswith(b"$")
                waiting.put((time.monotonic() + delay * media, content))
        waiting.put((0.0, b""))

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
