"""Addresses of pictures in another size lead to the picture, where that is a platform's documented way."""

from __future__ import annotations

import pytest
from gitsync_connectors.memory import Behaviour

from gitsync.markdown.originals import original
from tests.blog import Blog, post

GHOST = "https://b.example/content/images"
KNOWN = {
    f"{GHOST}/size/w600/2024/05/a-b.png": f"{GHOST}/2024/05/a-b.png",
    f"{GHOST}/size/w256h256/format/webp/2024/05/a.png?v=1": f"{GHOST}/2024/05/a.png",
    "http://b.example/blog/content/images/size/h60/x.png": "http://b.example/blog/content/images/x.png",
    "https://media2.dev.to/dynamic/image/width=800,fit=cover/https%3A%2F%2Fx.example%2Fa%2520b.png": (
        "https://x.example/a%20b.png"
    ),
    "https://x.example/cdn-cgi/image/width=80/https://y.example/a.png?b": "https://y.example/a.png?b",
    "https://i0.wp.com/b.example/up/a.png?resize=300%2C200&ssl=1": "https://b.example/up/a.png",
    "https://i2.wp.com/b.example/up/a.png?w=300": "http://b.example/up/a.png",
}
OTHER = [
    f"{GHOST}/2024/05/a.png",
    f"{GHOST}/size/large/a.png",
    f"{GHOST}/size/w600/",
    "https://i0.wp.com/b.example/a.php?q=id%3D3",
    "https://i0.wp.com/latex.php",
    "https://media2.dev.to/dynamic/image/width=800/a.png",
    "https://b.example/wall-300x200.png",
    "https://cdn.hashnode.com/res/a.png?w=1600",
    "../images/size/w600/a.png",
]


@pytest.mark.parametrize(("sized", "whole"), KNOWN.items())
def test_a_picture_in_another_size_is_known(sized: str, whole: str) -> None:
    assert original(sized) == whole
    assert original(whole) is None


@pytest.mark.parametrize("url", OTHER)
def test_an_address_that_only_looks_like_it_is_left_alone(url: str) -> None:
    assert original(url) is None


def test_a_picture_of_ours_that_an_editor_made_smaller_stays_the_file(tmp_path_factory: pytest.TempPathFactory) -> None:
    blog = Blog(tmp_path_factory.mktemp("x") / "blog", behaviour=Behaviour(uploads=True))
    blog.write("images/a.png", "a picture")
    blog.put("posts/a.md", post("A", "See ![it](../images/a.png).\n\nEnd.\n"))
    blog.run()
    [name] = blog.site().assets
    url = f"https://i0.wp.com/memory.example/assets/{name}?w=300&ssl=1"
    body = f"See ![it]({url}).\n\nThe end.\n\n![]({url})\n"
    blog.site().edit(blog.id_of("A"), body=body)
    blog.run()
    assert blog.read("posts/a.md").endswith("See ![it](../images/a.png).\n\nThe end.\n\n![](../images/a.png)\n")
    assert "i0.wp.com" not in blog.shown("A").body
    blog.quiet()
