"""Generative models of speech beside the codec, all measured in bits per sample of the mu-law waveform."""
