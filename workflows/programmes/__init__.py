"""Programmes as files: states, transitions and what they require."""
