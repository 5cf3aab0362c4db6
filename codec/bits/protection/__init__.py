"""Forward error correction: numbered blocks, Reed-Solomon parity, and restoring lost blocks."""
