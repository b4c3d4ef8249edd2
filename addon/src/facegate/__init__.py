"""FaceGate: recognition, decision and signed opening on the box in the building."""

__version__ = "0.1.0"
