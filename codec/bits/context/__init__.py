"""The context model: how likely each code is after those before it, and entropy coding with it."""
