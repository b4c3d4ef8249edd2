"""The panel: the pages through which owners, guards and auditors run the gates."""
