"""The page of the turn: what came in, what was kept, how models did, what was decided."""
