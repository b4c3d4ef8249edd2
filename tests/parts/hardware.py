"""What a gate's node may be made of, where a test is about something else."""

from facegate.core.boards import Lock
from facegate.core.node_file import NodeSetup

FAIL_SAFE = NodeSetup("esp32-relay-x4", Lock.FAIL_SAFE, ("exit-button", "fire-input"), "0.1.0")
"""Of a gate that stands open without current, and so may be used before anybody has commissioned it."""
