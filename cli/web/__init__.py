"""The web page of the codec: what serves it (Python), and what it is (static/)."""
