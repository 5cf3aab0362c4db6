"""Families of models of speech compared on one scale: bits per sample of the 16 kHz 8-bit mu-law waveform."""
