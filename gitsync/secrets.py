"""Secrets by reference: `env:NAME`, `keyring:SERVICE/NAME` or `file:PATH`, resolved late and never shown."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote

from gitsync.errors import ConfigError

SCHEMES = ("env", "keyring", "file")
FORMS = "env:NAME, keyring:SERVICE/NAME or file:PATH"
SECRET_NAMES = re.compile(
    r"(^|_|-)(token|password|passwd|secret|credential|((api|access|admin|private|secret|signing)[_-]?key))s?$",
    re.IGNORECASE,
)
"""Names of options that hold a secret whatever the connector calls them; read before any connector is loaded."""

SHORTEST = 4
"""Shorter values are not redacted: replacing every "a" in a message hides nothing and garbles all."""


def is_reference(text: str) -> bool:
    """Say whether `text` names a secret rather than being one."""
    scheme, colon, rest = text.partition(":")
    return bool(colon) and scheme in SCHEMES and bool(rest.strip()) and not rest.startswith("//")


def has_password(url: str) -> bool:
    """Say whether a URL carries a password, in its host part or its query."""
    return bool(_passwords(url))


def _passwords(url: str) -> set[str]:
    """Return the passwords in a URL, as they stand there and without percent signs.

    In a database's URL, SQLAlchemy takes all up to the next "@" for the password, a "/" too.
    """
    scheme, colon, rest = url.partition("://")
    if not colon:
        return set()
    place, _, query = rest.partition("?")
    userinfo = place.partition("/")[0] if scheme.lower() in ("http", "https") else place
    found = set(re.findall(r"^[^:/]*:(.*)@", userinfo))
    pairs = (pair.partition("=") for pair in query.partition("#")[0].split("&"))
    found |= {value for name, _, value in pairs if SECRET_NAMES.search(name)}
    return {form for text in found if text for form in (text, unquote(text))}


class Secrets:
    """Resolves references and remembers what came out, so that every message can be cleared of it.

    `root` is the folder that `file:` paths are relative to.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, str] = {}

    def resolve(self, reference: str) -> str:
        """Return the secret. Raises ConfigError, which names the reference and never the value."""
        if reference not in self._known:
            scheme, _, rest = reference.partition(":")
            value = {"env": self._env, "keyring": self._keyring, "file": self._file}[scheme](rest).strip()
            if not value:
                raise ConfigError(f"the secret {reference} is empty.", "Give it a value.")
            if any(ord(c) < 32 or ord(c) == 127 for c in value):
                raise ConfigError(f"the secret {reference} holds a control character.", "Store it as one plain line.")
            self._known[reference] = value
        return self._known[reference]

    def _env(self, name: str) -> str:
        if name not in os.environ:
            raise ConfigError(
                f"the environment variable {name} is not set.",
                f"Set it to the secret, for example `export {name}=…`, or as a secret of the CI job.",
            )
        return os.environ[name]

    def _file(self, name: str) -> str:
        path = self.root / Path(name).expanduser()
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigError(f"the secret file {path} cannot be read: {why}.", "Create it, readable by you.") from None

    def _keyring(self, name: str) -> str:
        service, slash, user = name.rpartition("/")
        if not slash or not service or not user:
            raise ConfigError(f"keyring:{name} is no keyring reference.", "Write keyring:SERVICE/NAME.")
        try:
            import keyring  # noqa: PLC0415  an extra, and 110 ms that only its users should pay
            from keyring.errors import KeyringError  # noqa: PLC0415
        except ImportError:
            raise ConfigError(
                "keyring: references need the keyring package.", "Run `pip install 'gitsync-content[keyring]'`."
            ) from None
        try:
            value = keyring.get_password(service, user)
        except KeyringError as error:
            raise ConfigError(
                f"the keyring cannot be read ({type(error).__name__}).", "Unlock it, or use env:NAME."
            ) from None
        if value is None:
            raise ConfigError(
                f"the keyring has no secret {service}/{user}.", f"Store it: `keyring set {service} {user}`."
            )
        return value

    def store(self, service: str, name: str, value: str) -> str:
        """Put a secret into the keyring; returns its reference. Raises ConfigError."""
        try:
            import keyring  # noqa: PLC0415  as above
            from keyring.errors import KeyringError  # noqa: PLC0415
        except ImportError:
            raise ConfigError(
                "Secrets can be stored with the keyring package only.", "Run `pip install 'gitsync-content[keyring]'`."
            ) from None
        self._known[f"keyring:{service}/{name}"] = value
        try:
            keyring.set_password(service, name, value)
        except KeyringError as error:
            raise ConfigError(
                f"the keyring cannot be written ({type(error).__name__}).", "Unlock it, or use env:NAME."
            ) from None
        return f"keyring:{service}/{name}"

    def redact(self, text: str) -> str:
        """Return `text` with every secret resolved so far, and every password or token in a URL, shown as ***."""
        hidden = {form for value in self._known.values() for form in disguises(value)}
        hidden |= {password for value in self._known.values() for password in _passwords(value)}
        for value in sorted(hidden, key=len, reverse=True):
            if len(value) >= SHORTEST:
                text = text.replace(value, "***")
        return URL_QUERY.sub(_without_tokens, URL_PASSWORD.sub(r"\1***@", text))


def _without_tokens(query: re.Match[str]) -> str:
    """Return the query of a URL with what its names say to be secret shown as ***."""
    pairs = (pair.partition("=") for pair in query[0].split("&"))
    return "&".join(
        f"{name}=***" if value and SECRET_NAMES.search(name) else name + equals + value for name, equals, value in pairs
    )


def disguises(secret: str) -> set[str]:
    """Return the forms in which a server may say a secret back.

    As it is, as in a URL (with capitals or not), in JSON (with PHP's slashes too), in HTML, in hexadecimal, and in
    base64, also amid something longer.
    """
    urls = {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    small = {re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), url) for url in urls}
    texts = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    pages = {html.escape(secret, quote=False), html.escape(secret), html.escape(secret).replace("&#x27;", "&#039;")}
    data = secret.encode("utf-8", "surrogatepass")
    numbers = {data.hex(), data.hex().upper()}
    return urls | small | texts | {text.replace("/", "\\/") for text in texts} | pages | numbers | _in_base64(data)


def _in_base64(data: bytes) -> set[str]:
    """Return `data` in base64, alone and where one or two bytes come before it, in both alphabets."""
    found = {base64.b64encode(data).decode().rstrip("=")}
    for before, shared in enumerate((0, 2, 3)):
        # The first and last characters hold bits of the neighbours as well.
        text = base64.b64encode(bytes(before) + data).decode().rstrip("=")
        inner = text[shared : -1 if (before + len(data)) % 3 else None]
        if len(inner) >= 2 * SHORTEST:
            found.add(inner)
    return found | {text.translate(str.maketrans("+/", "-_")) for text in found}


URL_QUERY = re.compile(r"(?<=\?)[^\s'\"<>#?]+=[^\s'\"<>#]+")
URL_PASSWORD = re.compile(r"(\b[a-zA-Z][\w+.-]*://[^\s/:@]*:)[^\s/@]+@")
