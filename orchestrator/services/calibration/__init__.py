"""Calibration: people rate the same items blind, then compare."""
