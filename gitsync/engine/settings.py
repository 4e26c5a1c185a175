"""One hash of everything besides the post that decides how a post is translated for a site."""

from __future__ import annotations

import hashlib
import json

from gitsync.engine.projection import GENERATION
from gitsync.project import Project
from gitsync.site import Site


def settings_digest(project: Project, site: Site) -> str:
    """Return a hash of all that decides how a post is translated for `site`, besides the post; no secret goes in."""
    content = project.config.content
    secret = {key for key, setting in site.check().settings.items() if setting.secret}
    options = {key: value for key, value in site.options.items() if key not in secret}
    facts = [
        GENERATION,
        site.platform,
        site.status,
        options,
        content.dialect,
        content.url,
        content.timezone,
        project.root,
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()[:16]
