from gitsync_connectors import bodies

LONG = f"<p>{'word ' * 200}</p>\n" * (bodies.LONG // 800)


def test_a_long_body_is_translated_once_for_its_words_and_what_they_leave_out():
    said = bodies.read("html", LONG)
    assert len(said.text) > bodies.LONG
    assert bodies.left_out("html", LONG) == ()
    assert bodies.read("html", LONG) is said

    written = bodies.write("html", said.text)
    assert bodies.losses("html", said.text) == []
    assert bodies.write("html", said.text) is written


def test_of_long_bodies_the_last_one_alone_is_kept():
    said = bodies.read("html", LONG)
    bodies.read("html", LONG + "<p>more</p>")
    assert bodies.read("html", LONG) is not said
