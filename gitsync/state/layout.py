"""Where the ledger's tree has what, and how an entry is read from its files."""

from __future__ import annotations

import json
from collections.abc import Mapping

from gitsync.bounded_json import own
from gitsync.errors import InvalidContent, RepositoryError
from gitsync.model import Post
from gitsync.state.records import Conflict, Entry, Oid, load_record

SIDES = ("base", "ours", "theirs")


def base_file(path: str) -> str:
    return f"base/{path}"


def remote_file(path: str) -> str:
    return f"remote/{path}"


def record_file(path: str) -> str:
    return f"records/{path}.json"


def conflict_file(path: str, name: str) -> str:
    """Return the file of one side; `remote` is what the site showed, `meta.json` has its revision."""
    return f"conflicts/{path}/{name}"


def upload_file(oid: Oid) -> str:
    """Return the file that says where the site has the blob `oid`."""
    return f"uploads/{oid[:2]}/{oid[2:]}"


def dump_upload(url: str) -> bytes:
    return (json.dumps({"url": url}) + "\n").encode("ascii")


def load_upload(data: bytes, *, oid: Oid) -> str:
    """Return the address that `dump_upload` wrote. Raises RepositoryError."""
    try:
        return str(own(data)["url"])
    except (ValueError, KeyError, TypeError) as error:
        raise RepositoryError(
            f"The ledger's note of the file {oid} cannot be read: {error}.",
            "Fetch the ledger again from its remote, or restore refs/gitsync from a backup.",
        ) from error


def entry_files(path: str, *, conflict: bool = True) -> list[str]:
    """Return every file that may hold something of `path`."""
    sides = [conflict_file(path, name) for name in (*SIDES, "remote", "meta.json")] if conflict else []
    return [base_file(path), remote_file(path), record_file(path), *sides]


def post_of(file: str) -> str:
    """Return the post that a file of the ledger is about; for an intent its key, for an upload its blob."""
    area, _, rest = file.partition("/")
    if area == "conflicts":
        return rest.rpartition("/")[0]
    return rest.removesuffix(".json") if area in ("records", "intents") else rest


def contents_matter(file: str) -> bool:
    """Say whether an entry holds what is in the file, and not only its name."""
    area, name = file.partition("/")[0], file.rpartition("/")[2]
    return area in ("remote", "records") or (area == "conflicts" and name not in SIDES)


def dump_meta(conflict: Conflict) -> bytes:
    return (json.dumps({"revision": conflict.revision}) + "\n").encode("ascii")


def dump_remote(post: Post) -> bytes:
    from gitsync.document import write  # noqa: PLC0415  see read_entry

    return write(post)


def read_entry(path: str, found: Mapping[str, Oid], contents: Mapping[Oid, bytes]) -> Entry:
    """Return the entry of `path` from the files that were `found`. Raises RepositoryError."""
    from gitsync.document import parse  # noqa: PLC0415  30 ms, and where nothing changed no entry is read

    def remote(file: str) -> Post | None:
        if file not in found:
            return None
        try:
            return parse(contents[found[file]], path=file).post
        except InvalidContent as error:
            raise RepositoryError(
                f"The ledger's copy of {path} cannot be read: {error}.",
                "Fetch the ledger again from its remote, or restore refs/gitsync from a backup.",
            ) from error

    record = found.get(record_file(path))
    meta = found.get(conflict_file(path, "meta.json"))
    base, ours, theirs = (found.get(conflict_file(path, side)) for side in SIDES)
    return Entry(
        path=path,
        base=found.get(base_file(path)),
        remote=remote(remote_file(path)),
        record=load_record(contents[record], path=path) if record else None,
        conflict=Conflict(
            base=base,
            ours=ours,
            theirs=theirs,
            remote=remote(conflict_file(path, "remote")),
            revision=own(contents[meta])["revision"],
        )
        if meta
        else None,
    )
