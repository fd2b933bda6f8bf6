"""The gallery of collections and artifacts, and its dialogs."""
