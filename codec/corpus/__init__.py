"""Corpora: tokens in files for machine learning, and runs that are distributed over machines."""
