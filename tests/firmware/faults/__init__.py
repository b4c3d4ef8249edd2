"""The fault suite: one body of code, run short by test_faults.py and at full length by scripts/soak."""
