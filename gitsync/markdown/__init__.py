"""Markdown and HTML: rendering, turning HTML back into Markdown, links, and template tags. Import the modules."""
