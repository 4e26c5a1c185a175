"""Every error gitsync raises, as a tree, by what the caller does next.

Error                      one sentence and a next step; the command line prints it and ends with `exit_code`
├── UsageError             the command was not understood, or does not fit here (2)
│   └── ConfigError        gitsync.toml is wrong; has a place in the file (2)
├── Refused                a guard said no; nothing was written (5)
├── InvalidContent         a post cannot be read or sent as it is; blocks only itself (6)
├── RepositoryError        git said no (1)
│   ├── Moved              a ref was not where we read it: read again and plan again
│   └── Locked             another process or machine holds the lock: try later
└── SiteError              a site said no (1)
    ├── Unauthorized       credentials are wrong or too weak: stop with this site
    ├── Unreachable        no answer, and surely nothing was written: try later
    ├── Throttled          too many requests, longer than we are willing to wait: try later
    ├── NotFound           there is no such record
    ├── Stale              the record moved since it was read: fetch and plan that post again
    ├── Rejected           the platform refuses this content: the post waits for its author
    ├── OutcomeUnknown     the write may or may not have happened: look before anything is sent again
    ├── Malformed          the answer is not what the platform documents: stop with this site
    └── Forged             a webhook whose signature is wrong
"""

from __future__ import annotations


class Error(Exception):
    """`message` is one sentence; `hint` says what to do next, or is empty."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(Error):
    exit_code = 2


class ConfigError(UsageError):
    pass


class Refused(Error):
    exit_code = 5


class InvalidContent(Error):
    """A post that cannot be read or sent; `str()` is `path:line:column: CODE message`, with 1-based places."""

    exit_code = 6

    def __init__(
        self, message: str, hint: str = "", *, code: str, path: str = "", line: int = 1, column: int = 1
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.path = path
        self.line = line
        self.column = column

    def __str__(self) -> str:
        return f"{self.path or '<text>'}:{self.line}:{self.column}: {self.code} {super().__str__()}"

    def at(self, path: str) -> InvalidContent:
        """Return the same error for the file `path`."""
        return InvalidContent(self.message, self.hint, code=self.code, path=path, line=self.line, column=self.column)


class RepositoryError(Error):
    pass


class Moved(RepositoryError):
    pass


class Locked(RepositoryError):
    pass


class SiteError(Error):
    pass


class Unauthorized(SiteError):
    pass


class Unreachable(SiteError):
    pass


class Throttled(SiteError):
    """`retry_after` is in seconds."""

    def __init__(self, message: str, hint: str = "", *, retry_after: float = 0.0) -> None:
        super().__init__(message, hint)
        self.retry_after = retry_after


class NotFound(SiteError):
    pass


class Stale(SiteError):
    pass


class Rejected(SiteError):
    """`field` is the post field the platform complains about, or empty."""

    def __init__(self, message: str, hint: str = "", *, field: str = "") -> None:
        super().__init__(message, hint)
        self.field = field


class OutcomeUnknown(SiteError):
    pass


class Malformed(SiteError):
    pass


class Forged(SiteError):
    pass
