"""What holds for all tests."""

from hypothesis import settings

# Speed is measured by scripts/bench; a test that takes longer on a busy machine has found nothing.
settings.register_profile("facegate", settings.get_profile(settings.get_current_profile_name()), deadline=None)
settings.load_profile("facegate")
