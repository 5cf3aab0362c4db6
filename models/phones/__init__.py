"""Phone recogniser that measures the intelligibility of coded speech."""
