"""The chapters of test_home_assistant.py: all of them happen in one house, one after the other."""

import pytest

for chapter in ("first_gates", "forgeries", "guards", "left_behind", "restarts", "sharing", "visits"):
    pytest.register_assert_rewrite(f"{__name__}.{chapter}")  # what their assertions compared is told, as in any test
