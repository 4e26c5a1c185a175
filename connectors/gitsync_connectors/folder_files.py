"""Files below one folder: listed, read and replaced whole, and nothing outside it, wherever symbolic links lead."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from gitsync.durable import sync_folder
from gitsync.errors import ConfigError, Error, NotFound, Stale, Unauthorized, Unreachable

PREFIX = ".gitsync-"
"""What half-written files are called: site generators leave hidden files alone, and a listing here does too."""


def digest(content: bytes) -> str:
    """Return the revision of a file: the sha256 of its bytes."""
    return hashlib.sha256(content).hexdigest()


class Files:
    """The files of `root` that `wanted` says yes to, by relative path with "/"."""

    def __init__(self, root: Path, wanted: Callable[[str], bool]) -> None:
        self.root = root
        self._wanted = wanted

    def check(self) -> None:
        """Raise ConfigError when the folder is not there: one that is not mounted must not look like an empty one."""
        if not self.root.is_dir():
            raise ConfigError(f"There is no folder {self.root}.", "Mind that path is relative to gitsync.toml.")

    def list(self) -> Iterator[str]:
        """Yield every wanted path. Symbolic links are not followed; a name that is not UTF-8 cannot be told of."""
        self.check()
        with self._errors():
            for folder, folders, names in os.walk(self.root, onerror=_raise):
                folders.sort()
                above = Path(folder).relative_to(self.root).as_posix()
                for name in sorted(names):
                    path = name if above == "." else f"{above}/{name}"
                    if self._wanted(path) and _told(path) and not os.path.islink(os.path.join(folder, name)):  # noqa: PTH114, PTH118  half the time of pathlib, for each of 100,000 files
                        yield path

    def read(self, path: str) -> bytes:
        """Return a file's bytes. Raises NotFound."""
        with self._errors(path):
            return self._inside(path).read_bytes()

    def replace(self, path: str, content: bytes, *, expect: str) -> None:
        """Put `content` in the place of a file, whole or not at all. Raises Stale, NotFound."""
        target = self._inside(path)
        with self._errors(path), self._written(target, content, target.stat().st_mode) as temporary:
            self._compare(path, expect)
            temporary.replace(target)
            sync_folder(target.parent)

    def add(self, path: str, content: bytes) -> bool:
        """Make a new file; answer False, and leave it alone, when there is one of that name."""
        target = self.root / path
        self.check()
        with self._errors(path):
            self._check_parents(path)
            target.parent.mkdir(parents=True, exist_ok=True)
            with self._written(target, content, None) as temporary:
                try:
                    # Unlike a rename, a link never takes the place of a file that came meanwhile.
                    target.hardlink_to(temporary)
                except FileExistsError:
                    return False
                except OSError as error:
                    if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK) or target.exists():
                        raise
                    temporary.replace(target)
                sync_folder(target.parent)
        return True

    def move(self, path: str, to: str, *, expect: str) -> bool:
        """Rename a file; answer False when the new name is taken. Raises Stale, NotFound."""
        source, target = self._inside(path), self.root / to
        with self._errors(path):
            self._check_parents(to)
            self._compare(path, expect)
            if os.path.lexists(target):
                return False
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            sync_folder(target.parent)
            sync_folder(source.parent)
        return True

    def remove(self, path: str, *, expect: str) -> None:
        """Delete a file, and its folder when it was the index of one that is empty now. Raises Stale, NotFound."""
        target = self._inside(path)
        with self._errors(path):
            self._compare(path, expect)
            target.unlink()
            sync_folder(target.parent)
            if target.stem == "index" and target.parent != self.root and not any(target.parent.iterdir()):
                target.parent.rmdir()

    def _compare(self, path: str, expect: str) -> None:
        if digest(self.read(path)) != expect:
            raise Stale(f"{path} has changed meanwhile.", "Sync again.")

    def _inside(self, path: str) -> Path:
        """Return where an existing file is. Raises NotFound for what is no wanted file of this folder."""
        self.check()
        pure = PurePosixPath(path)
        target = self.root / pure
        plain = path and not pure.is_absolute() and ".." not in pure.parts and str(pure) == path and "\0" not in path
        if not plain or not self._wanted(path) or self._linked(pure) or not target.is_file():
            raise NotFound(f"The folder {self.root} has no post {path!r}.", "It was deleted or moved there.")
        return target

    def _linked(self, path: PurePosixPath) -> bool:
        return any((self.root / part).is_symlink() for part in (path, *path.parents[:-1]))

    def _check_parents(self, path: str) -> None:
        if self._linked(PurePosixPath(path).parent / "x"):
            raise Unauthorized(
                f"{path} would lie behind a symbolic link.", "Make the link a folder, or choose another."
            )

    @contextmanager
    def _written(self, target: Path, content: bytes, mode: int | None) -> Iterator[Path]:
        """Lend a temporary file beside `target` that holds `content` and is on the disk; gone afterwards."""
        temporary = target.with_name(f"{PREFIX}{secrets.token_hex(8)}")
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                temporary.chmod(mode & 0o7777)
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    @contextmanager
    def _errors(self, path: str = "") -> Iterator[None]:
        """Translate what the system says."""
        try:
            yield
        except Error:
            raise
        except FileNotFoundError:
            raise NotFound(f"The folder {self.root} has no post {path!r}.", "It was deleted there just now.") from None
        except PermissionError as error:
            raise Unauthorized(
                f"{error.filename or self.root} may not be used: {error.strerror}.", "Check whose it is."
            ) from None
        except OSError as error:
            raise Unreachable(
                f"{error.filename or self.root}: {error.strerror}.", "Mend that and sync again."
            ) from None


def _raise(error: OSError) -> None:
    raise error


def _told(path: str) -> bool:
    return not any("\udc80" <= char <= "\udcff" for char in path)
