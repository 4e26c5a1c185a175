"""Git itself: processes, objects, the index and the work tree. `gitsync.repository` is the way in."""
