"""One file per step; a step that was ever released is not changed any more."""
