"""The report as a page: one file to look at, to listen to and to take a blind test in, without a network."""

from sottovoce.codec.evaluation.page.build import build

__all__ = ["build"]
