"""The residents' pages: an application of their own on a listener of their own, for whoever holds a link."""
