"""A real Strapi 5: STRAPI_URL and STRAPI_TOKEN say where it is; it has articles with draft and publish.

They have a title, a unique slug, a body, a summary and tags (JSON). Everything in it is deleted.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
from gitsync_connectors.rest import Rest

from gitsync.testing import Bench, Conformance
from tests.connectors.test_rest import DECLARED, settings

URL, TOKEN = os.environ.get("STRAPI_URL", ""), os.environ.get("STRAPI_TOKEN", "")
ARTICLES = DECLARED["strapi"]
OPTIONS: dict[str, Any] = {
    **ARTICLES,
    "endpoints": {
        **{name: value for name, value in ARTICLES["endpoints"].items() if name != "whoami"},
        "find": "GET /articles?status=draft&filters[slug][$startsWith]={slug}",
    },
    "fields": {**ARTICLES["fields"], "body": "body"},
}


@pytest.mark.server
class TestStrapi(Conformance):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        assert URL, "STRAPI_URL names no Strapi"
        assert TOKEN, "STRAPI_TOKEN is not set"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=f"{URL}/api", headers=headers, timeout=60, trust_env=False) as editor:
            while found := editor.get("/articles?status=draft&pagination[pageSize]=100").json()["data"]:
                for article in found:
                    editor.delete(f"/articles/{article['documentId']}").raise_for_status()

            def edit(id: str, changes: Mapping[str, str]) -> None:
                public = editor.get(f"/articles/{id}?status=published").status_code == 200
                status = "published" if public else "draft"
                answer = editor.put(f"/articles/{id}?status={status}", json={"data": changes})
                answer.raise_for_status()

            yield Bench(
                connect=lambda: Rest(settings(URL, OPTIONS, key=TOKEN)),
                edit=edit,
                intruder=lambda: Rest(settings(URL, OPTIONS, key="wrong-key")),
                secret=TOKEN,
            )
