"""What all tests share."""

_LONGEST_NAME = 80  # characters; a longer value is no name to read in a report


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long value by its beginning and its length; pytest would print all of it."""
    if isinstance(val, str | bytes) and len(val) > _LONGEST_NAME:
        return f"{val[:24]!a} and so on, {len(val)} long"
    return None
