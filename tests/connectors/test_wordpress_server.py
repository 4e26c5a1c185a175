"""A real WordPress: WORDPRESS_URL, WORDPRESS_USER and WORDPRESS_TOKEN say where it is. Everything in it is deleted."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from gitsync_connectors.wordpress import WordPress

from gitsync.testing import Bench, Conformance
from tests.connectors.test_conformance import settings

URL = os.environ.get("WORDPRESS_URL", "")
USER, TOKEN = os.environ.get("WORDPRESS_USER", ""), os.environ.get("WORDPRESS_TOKEN", "")
FIELDS = {"body": "content", "description": "excerpt"}


def connected(key: str = TOKEN, **options: Any) -> WordPress:
    return WordPress(settings("wordpress", URL, key=key, user=USER, **options))


@pytest.mark.server
class TestWordPress(Conformance):
    @pytest.fixture(params=["blocks", "html"])
    def bench(self, request: pytest.FixtureRequest) -> Iterator[Bench]:
        assert URL, "WORDPRESS_URL names no WordPress"
        with httpx.Client(base_url=f"{URL}/wp-json/wp/v2", auth=(USER, TOKEN), timeout=60, trust_env=False) as editor:
            for status in ("publish,future,draft,pending,private", "trash"):
                while found := editor.get(f"/posts?context=edit&status={status}&per_page=100&_fields=id").json():
                    for post in found:
                        editor.delete(f"/posts/{post['id']}?force=true").raise_for_status()

            def edit(id: str, changes: Mapping[str, str]) -> None:
                said = {FIELDS.get(name, name): text for name, text in changes.items()}
                editor.post(f"/posts/{id}", json=said).raise_for_status()

            yield Bench(
                connect=lambda: connected(format=request.param),
                edit=edit,
                intruder=lambda: connected("abcd efgh ijkl mnop qrst uvwx"),
                secret=TOKEN,
                exact=False,
            )
