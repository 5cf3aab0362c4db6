"""Recordings of any format as mono blocks at one sample rate."""
