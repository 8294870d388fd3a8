"""Where trials run: one interface, Ray actors behind it, and an in-process twin."""
