"""Sound and files in and out."""
