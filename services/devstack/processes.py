"""Child processes that end with their parent, whatever ends it."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_libc = ctypes.CDLL(None)


class Child:
    """A process started by this one: restarted at will, stopped by its pid, never orphaned.

    Its output is appended to a log file. The kernel kills it when the thread that started it ends,
    so that `kill -9` of the parent leaves nothing behind: start it from the main thread. `argv` may
    be changed: the next start takes it.
    """

    def __init__(
        self,
        name: str,
        argv: Sequence[str | Path],
        *,
        log: Path,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.argv = [str(part) for part in argv]
        self._env = None if env is None else {**os.environ, **env}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid while the process runs, else None."""
        return self._process.pid if self._process and self.exit_code is None else None

    @property
    def exit_code(self) -> int | None:
        """How it ended (negative: by that signal), or None while it runs or never ran."""
        return self._process.poll() if self._process else None

    def start(self) -> None:
        """Start it, in a session of its own: Ctrl-C in the terminal is the parent's to handle."""
        parent = os.getpid()

        def end_with_parent() -> None:
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it ended before the line above
                os._exit(1)

        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 (argv is our own)
                self.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._env,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509 (calls nothing but prctl)
            )

    def kill(self) -> None:
        """End it at once, as the kernel's out-of-memory killer would."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, if it runs."""
        if self._process and self.pid:
            self._process.send_signal(number)

    def stop(self, within_s: float) -> bool:
        """Ask it to stop, and kill it when it takes longer; return whether it stopped by itself."""
        if not self._process:
            return True
        self._process.terminate()
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        return True

    def last_lines(self, count: int = 5) -> str:
        """Return the end of its log, for a message to people."""
        try:
            lines = self.log.read_text(errors="replace").splitlines()
        except FileNotFoundError:
            return ""
        return "\n".join(lines[-count:])


def wait_until_gone(pid: int, within_s: float) -> bool:
    """Return whether a process that is not a child of this one ended in time."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False
