"""Probing of latents: small classifiers on the vectors at four points of a model (arXiv 1901.08810, section IV)."""
