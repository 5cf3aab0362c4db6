"""Whole recordings and files: encode, decode, cut, join, inspect, damage."""
