"""The main window and what holds it together: actions, menus, theme, navigation."""
