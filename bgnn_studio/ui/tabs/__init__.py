"""One file for each tab of the window.

A tab is a widget with `title`, `apply_theme(theme)` and `release()` (the window closes). What is slow to make, it makes in its first
`showEvent`, as later tabs are not looked at in most runs.
"""
