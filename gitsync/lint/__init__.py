"""What can be wrong with posts, whatever platform they are for: a module for each kind of rule."""
