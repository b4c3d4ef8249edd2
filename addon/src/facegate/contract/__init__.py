"""What crosses the wire: signed lines to and from the gate node, and messages to Home Assistant."""
