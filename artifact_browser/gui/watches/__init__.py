"""Watches: what is watched, what was found, and the timer behind them."""
