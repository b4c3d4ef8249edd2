"""Cards and PINs at work: the gates' lists and their time, what readers report, and learning a card at a reader."""
