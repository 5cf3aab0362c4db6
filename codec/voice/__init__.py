"""Whose voice it is: level, speaker, conversion to another voice, and profiles."""
