"""What all tests share."""

from hypothesis import settings

# How long one example takes says how busy the machine is, and nothing about the product.
settings.register_profile("facegate", parent=settings.default, deadline=None)
settings.load_profile("facegate")

_LONGEST_NAME = 80  # characters; a longer value is no name to read in a report


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long value by its beginning and its length; pytest would print all of it."""
    if isinstance(val, str | bytes) and len(val) > _LONGEST_NAME:
        return f"{val[:24]!a} and so on, {len(val)} long"
    return None
