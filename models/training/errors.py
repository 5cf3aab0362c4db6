"""Why a training run cannot go on."""


class TrainingError(RuntimeError):
    """The run is stopped: its message says what happened and what to try."""
