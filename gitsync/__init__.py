"""gitsync keeps a git repository of Markdown posts and every blogging platform in step, in both directions."""

__version__ = "0.1.0"
