"""Every word for what may be wrong with a gate: whatever reports one takes it from here, whatever shows one knows all.

``camera_<fault>`` and ``<stage>_failed`` are made of the words of their own parts; a test holds this list against what
the parts can say, and the texts of the panel against this list.
"""

from typing import Final

from facegate.core.clock_trust import PROBLEMS as CLOCK

STAGES: Final = (
    "frame",
    "codes",
    "detect",
    "track",
    "align",
    "quality",
    "liveness",
    "motion",
    "embed",
    "match",
    "mask",
    "challenge",
    "session",
    "policy",
)
"""Steps of a frame's way; each may fail."""

NODE: Final = ("node_key", "node_boot", "gate_key")
LISTS: Final = (
    "list_waiting",
    "list_full",
    "list_refused",
    "cards_to_learn",
    "two_factor_node",
    "two_factor_camera",
    *CLOCK,
)
RECOGNITION: Final = ("overloaded", "inference_cpu", "decoding_software", "watch_ended")
SITE: Final = ("calibration_stale", "templates_outdated", "ways_missing", "not_commissioned", "assessment_outdated")
MACHINE: Final = (
    "disk_full",
    "clock_doubted",
    "liveness_missing",
    "unreadable",
    "assessment_missing",
    "to_file",
    "broker_open",
    "broker_plain",
    "consents_outdated",
    "leases_end",
)
"""Of the whole box rather than of one gate; they stand on the page Health alone."""

GATE: Final = (*NODE, *LISTS, *RECOGNITION, *SITE)
"""What a gate's state may hold beside the failures of cameras and stages."""
