"""Accounts: records without secrets, the keychain, and credentials with an end."""
