"""Verification: the history is read as it lies, believed nowhere, and decided again."""
