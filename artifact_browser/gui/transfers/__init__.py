"""The transfers strip, its model and the questions around a transfer."""
