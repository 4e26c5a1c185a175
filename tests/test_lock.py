import subprocess
import sys
from pathlib import Path

import pytest

from gitsync.errors import Locked
from gitsync.repository import Repository
from gitsync.state.lock import process_lock
from tests.repositories import commit, new_repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return new_repository(tmp_path / "one")


def test_one_process_at_a_time(repository: Repository) -> None:
    with process_lock(repository), pytest.raises(Locked, match="process"), process_lock(repository):
        pass
    with process_lock(repository):
        pass


def test_a_killed_process_holds_nothing(repository: Repository) -> None:
    code = (
        "import sys, pathlib, time\n"
        "from gitsync.state.lock import process_lock\n"
        "from gitsync.repository import Repository\n"
        "with process_lock(Repository.open(pathlib.Path(sys.argv[1]))):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(repository.root)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(Locked, match=str(process.pid)), process_lock(repository):
            pass
        process.kill()
        process.wait()
    with process_lock(repository):
        pass


def test_locks_that_git_left_on_our_refs_are_removed(repository: Repository) -> None:
    head = commit(repository, {"a.md": b"a"})
    repository.update_refs([("refs/gitsync/blog", head, None)], message="x")
    left = [
        repository.common_dir / "refs" / name / "blog.lock" for name in ("gitsync", "gitsync-remote/origin", "heads")
    ]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with process_lock(repository):
        assert [path.exists() for path in left] == [False, False, True]


def test_a_leftover_index_lock_is_named(repository: Repository) -> None:
    (repository.git_dir / "index.lock").touch()
    with pytest.raises(Locked, match=r"index\.lock"), process_lock(repository):
        pass
