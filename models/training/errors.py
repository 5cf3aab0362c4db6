"""The error that stops a training run."""


class TrainingError(RuntimeError):
    """A training run cannot continue; the message says why, and what to try."""
