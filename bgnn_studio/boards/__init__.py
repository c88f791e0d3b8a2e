"""Models measured on boards: bgnn-runner taken there over SSH (or to this machine), its lines as events, its figures judged. No Qt."""
