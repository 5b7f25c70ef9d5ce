"""Measurements: `make bench` prints one line a figure. Never asserted by time in tests."""
