"""One configured account: its settings, and the connector they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from gitsync.connector import GROUP, Connector, Meter, Setting, SiteSettings
from gitsync.errors import ConfigError
from gitsync.secrets import FORMS, Secrets, is_reference
from gitsync.tomlfile import TYPES, Source, did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One `[sites.NAME]`. `options` are the connector's own keys.

    `url` may be "" (the platform's own) or a secret reference. `status` None leaves it to the dialect. `timeout` is in
    seconds; `pace` is as in SiteSettings.
    """

    name: str
    platform: str
    url: str = ""
    status: Literal["published", "draft", "private"] | None = None
    timeout: float = 30.0
    pace: Mapping[str, tuple[int, float]] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    source: Source = field(repr=False)
    secrets: Secrets = field(repr=False, compare=False)

    def connect(self, *, meter: Meter | None = None) -> Connector:
        """Return the connector, which has not touched the network. Raises ConfigError for an unknown platform, a key
        that the connector does not take, and a missing secret.
        """
        make = self.check()
        settings = SiteSettings(
            name=self.name,
            platform=self.platform,
            url=self._secret("url") if is_reference(self.url) else self.url,
            root=self.secrets.root,
            options=self.options,
            secret=self._secret,
            timeout=self.timeout,
            pace=self.pace,
            meter=meter if meter is not None else Meter(),
        )
        connector: Connector = make(settings)
        return connector

    def check(self) -> type[Any]:
        """Return the connector's class, having compared `options` with its settings. Raises ConfigError."""
        make = connector_class(self.platform)
        if make is None:
            raise self._wrong(
                "platform", f"there is no platform {self.platform!r}.", did_you_mean(self.platform, platforms())
            )
        known: Mapping[str, Setting] = make.settings
        for key, value in self.options.items():
            if key not in known:
                common = ("platform", "url", "status", "timeout", "pace")
                raise self._wrong(
                    key, f"unknown key {key!r} in [sites.{self.name}].", did_you_mean(key, [*known, *common])
                )
            self._check_option(key, value, known[key])
        for key, setting in known.items():
            if setting.required and key not in self.options:
                raise self._wrong("", f"[sites.{self.name}] lacks {key}.", f"Add {key}: {setting.help}")
        return make

    def _check_option(self, key: str, value: Any, setting: Setting) -> None:
        if type(value) is not setting.type:
            raise self._wrong(key, f"{key} must be {TYPES[setting.type]}.", f"{key}: {setting.help}")
        if setting.choices and value not in setting.choices:
            raise self._wrong(key, f"{key} cannot be {value!r}.", f"It is one of: {', '.join(setting.choices)}.")
        if setting.secret and not is_reference(str(value)):
            raise self.literal(key)

    def _secret(self, key: str) -> str:
        reference = self.url if key == "url" else self.options.get(key)
        if reference is None:
            raise self._wrong("", f"[sites.{self.name}] lacks {key}.", f"Add {key} as {FORMS}.")
        try:
            return self.secrets.resolve(reference)
        except ConfigError as error:
            raise self._wrong(key, error.message, error.hint) from None

    def literal(self, key: str) -> ConfigError:
        """Return the error for a secret that stands in the file itself."""
        return self._wrong(key, f"{key} must not be written here in clear.", f"Store it elsewhere and write {FORMS}.")

    def _wrong(self, key: str, message: str, hint: str) -> ConfigError:
        return self.source.wrong(("sites", self.name, *([key] if key else [])), message, hint)


def platforms() -> list[str]:
    """Return the names of the platforms that have a connector installed."""
    from importlib.metadata import entry_points  # noqa: PLC0415  only commands that reach a site need it

    return sorted({entry.name for entry in entry_points(group=GROUP)})


def connector_class(platform: str) -> type[Any] | None:
    """Return the class registered for `platform`, or None. Raises ConfigError when it cannot be imported."""
    from importlib.metadata import entry_points  # noqa: PLC0415

    for entry in entry_points(group=GROUP, name=platform):
        try:
            return cast("type[Any]", entry.load())
        except (ImportError, AttributeError) as error:
            raise ConfigError(
                f"The connector of {platform} cannot be loaded: {error}.", "Install what it needs, or update it."
            ) from None
    return None
