"""Dialogs that add, edit and test accounts."""
