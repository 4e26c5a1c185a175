"""Makes processes count, and die at, the steps that the outside world can see: see steps.c."""

from __future__ import annotations

import mmap
import os
import shutil
import signal
import struct
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

SOURCE = Path(__file__).with_name("steps.c")
_THREE = struct.Struct("lll")


def compiler() -> str | None:
    """Return the C compiler, or None."""
    return shutil.which("cc") or shutil.which("gcc")


def built(folder: Path) -> Path:
    """Compile the library into `folder`."""
    library = folder / "steps.so"
    command = [str(compiler()), "-O1", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True, capture_output=True)
    return library


class Steps:
    """The count that all instrumented processes share, in `folder`; `root` is the part of the disk that matters."""

    def __init__(self, folder: Path, library: Path, root: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "state"
        self._file.write_bytes(bytes(4096))
        with self._file.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 4096)
        self._ask, self._answer = folder / "ask", folder / "answer"
        for fifo in (self._ask, self._answer):
            os.mkfifo(fifo)
        self.library = library
        self.environment = {"STEPS_STATE": str(self._file), "STEPS_ROOT": f"{root}/"}
        self.asking = {"STEPS_ASK": str(self._ask), "STEPS_ANSWER": str(self._answer)}

    def start(self, at: int) -> None:
        """Begin a new count, that ends at step `at` (0: never)."""
        self._map[:] = _THREE.pack(0, at, 0).ljust(4096, b"\0")

    @property
    def done(self) -> int:
        return int(_THREE.unpack(self._map[: _THREE.size])[0])

    @property
    def died(self) -> bool:
        done, at, _ = _THREE.unpack(self._map[: _THREE.size])
        return bool(at) and done >= at

    @property
    def died_at(self) -> str:
        """What the process was about to do when it was killed."""
        return self._map[_THREE.size :].partition(b"\0")[0].decode()

    def step(self) -> None:
        """Count a step that this process makes for them: a server that they wait for."""
        done, at, group = _THREE.unpack(self._map[: _THREE.size])
        self._map[: _THREE.size] = _THREE.pack(done + 1, at, group)
        if group and done + 1 == at:
            self._map[_THREE.size : _THREE.size + 6] = b"answer"
            os.killpg(group, signal.SIGKILL)

    def watch(self, look: Callable[[str], None]) -> Callable[[], None]:
        """Call `look` with each step while the process waits there. Returns what ends the watching."""
        ask, answer = os.open(self._ask, os.O_RDWR), os.open(self._answer, os.O_RDWR)

        def follow() -> None:
            with os.fdopen(ask, "rb", buffering=0) as lines:
                rest = b""
                while True:
                    rest += lines.read(4096)
                    while b"\n" in rest:
                        line, _, rest = rest.partition(b"\n")
                        if line == b"end":
                            os.close(answer)
                            return
                        look(line.decode())
                        os.write(answer, b".")

        thread = threading.Thread(target=follow, daemon=True)
        thread.start()

        def end() -> None:
            os.write(ask, b"end\n")
            thread.join()

        return end

    def close(self) -> None:
        self._map.close()
