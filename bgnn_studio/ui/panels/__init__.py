"""One file for each panel: fed by the session, it shows one thing."""
