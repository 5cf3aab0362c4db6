"""The networks without torch: numpy step by step, exact wherever a decoded sample depends on it."""
