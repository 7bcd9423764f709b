"""Settle the settings of a training run."""
