"""How did a trial learn? Pictures of what was recorded every epoch."""
