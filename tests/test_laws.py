"""Whatever authors, editors, networks and kills do, in whatever order, the laws of section 5 hold.

A short walk on every run. A long one:  python -m tests.long_run --seconds 600
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.torture import Proposing, Sharing, Torture

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


def test_the_laws_hold_under_fire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    walk(Torture)


@pytest.mark.slow
def test_the_laws_hold_in_two_clones_of_one_remote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    walk(Sharing)


@pytest.mark.slow
def test_the_laws_hold_where_a_person_merges_what_sites_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    walk(Proposing)


def walk(machine: type[RuleBasedStateMachine]) -> None:
    """Run a few short stories, the same ones every time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=8,
            stateful_step_count=15,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        ),
    )
