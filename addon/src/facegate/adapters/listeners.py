"""Who wants to be told: callbacks that come and go."""

from collections.abc import Callable

type Cancel = Callable[[], None]


class Listeners[*Ts]:
    """Callbacks in the order in which they came. Each :meth:`add` is undone by its own cancel, and by no other's."""

    def __init__(self) -> None:
        self._callbacks: dict[object, Callable[[*Ts], None]] = {}

    def add(self, callback: Callable[[*Ts], None]) -> Cancel:
        """Call ``callback`` from now on; the returned function ends that, and a second call of it does nothing."""
        token = object()
        self._callbacks[token] = callback

        def cancel() -> None:
            self._callbacks.pop(token, None)

        return cancel

    def tell(self, *args: *Ts) -> None:
        """Call everyone who listens now."""
        for callback in tuple(self._callbacks.values()):
            callback(*args)
