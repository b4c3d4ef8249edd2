"""One outside thing per file: camera, broker, gate, store, cryptography."""
