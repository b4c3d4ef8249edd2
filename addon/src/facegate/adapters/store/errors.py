"""What can go wrong with the store; each text is one sentence that says what to do."""


class StoreError(Exception):
    """The store cannot be opened, read or written; nothing was changed."""


class InUseError(StoreError):
    """Another process has the data folder."""


class NotFoundError(StoreError):
    """There is no such gate, camera, resident, consent, opening or token."""


class ExistsError(StoreError):
    """The id is taken, and what has it is not overwritten."""


class ConsentError(StoreError):
    """No template without a consent that stands (PRIVACY P4)."""
