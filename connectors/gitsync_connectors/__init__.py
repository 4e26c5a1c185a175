"""The connectors that ship with gitsync: one module a platform."""
