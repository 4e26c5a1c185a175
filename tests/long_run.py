"""Random runs for as long as you like, one seed after another; a seed that fails is told with what reproduces it.

python -m tests.long_run --seconds 600
python -m tests.long_run --machine model --seconds 60
python -m tests.long_run --seed 41 --shrink
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from itertools import count

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, get_state_machine_test

from tests.test_model import story
from tests.torture import Proposing, Sharing, Torture

MACHINES: dict[str, type[RuleBasedStateMachine]] = {
    "one": Torture,
    "two": Sharing,
    "proposals": Proposing,
}
MOST = 10
"""Failed seeds; then it stops."""

EXAMPLES = 10
"""Stories of one seed of a machine: the first are short."""


def run_seed(machine: str, number: int, *, steps: int, shrink: bool) -> str | None:
    """Run the stories of one seed; return what went wrong, or None."""
    if machine == "model":
        return _told(lambda: story(number))
    chosen = settings(
        max_examples=EXAMPLES,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
        report_multiple_bugs=False,
        print_blob=False,
    )
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        tempfile.tempdir = folder
        try:
            return _told(seed(number)(get_state_machine_test(MACHINES[machine], settings=chosen)))
        finally:
            tempfile.tempdir = None


def _told(run: Callable[[], object]) -> str | None:
    try:
        run()
    except Exception:  # noqa: BLE001  whatever it is, it is told
        return traceback.format_exc()
    return None


def main() -> int:
    """Say which seeds failed, as soon as they did; the exit code is 1 if any has."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600.0, help="how long to go on (default: 600)")
    parser.add_argument("--machine", choices=[*MACHINES, "model"], default="one")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--steps", type=int, default=30, help="of each story")
    parser.add_argument("--shrink", action="store_true", help="look for the shortest story that fails; takes minutes")
    chosen = parser.parse_args()
    end = time.monotonic() + chosen.seconds
    done, failed = 0, []
    for number in [chosen.seed] if chosen.seed is not None else count(chosen.first):
        if time.monotonic() > end or len(failed) == MOST:
            break
        wrong = run_seed(chosen.machine, number, steps=chosen.steps, shrink=chosen.shrink)
        done += 1
        if wrong is not None:
            failed.append(number)
            print(wrong, flush=True)
            print(f"Again: python -m tests.long_run --machine {chosen.machine} --steps {chosen.steps} --seed {number}")
    print(f"{done} seeds; failed: {failed or 'none'}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
