"""A phone recogniser by which coded speech is judged: what can still be understood of it."""
