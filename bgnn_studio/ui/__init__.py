"""The window: the only importer of PySide6, pyqtgraph and pyvistaqt."""
