"""Models of speech of other kinds than the codec's, all on one scale: bits per sample of its mu-law waveform."""
