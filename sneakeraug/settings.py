"""Settings: flag > `SNEAKERAUG_*` variable > `sneakeraug.toml` in home > default."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from sneakeraug.errors import InputError, SettingsError
from sneakeraug.limits import Limits

REPOSITORY_MODELS = Path(__file__).resolve().parent.parent / "models"


def default_home() -> Path:
    """`SNEAKERAUG_HOME`, else ``~/.sneakeraug``; not created here."""
    return Path(os.environ.get("SNEAKERAUG_HOME") or Path.home() / ".sneakeraug").expanduser()


class Settings(BaseSettings):
    """Everything a deployment may set.

    Attributes
    ----------
    home
        Runtime data; never in the source tree.
    models_dir
        Where model folders and ``active.json`` are.
    model_id
        The model to serve; the active one where None.
    database_url
        ``sqlite:///FILE`` or ``postgresql://USER:PASSWORD@HOST/NAME``; an SQLite file in home
        where None.
    device
        ``auto`` takes a GPU where there is one.
    backend
        What runs the network; ``auto`` takes torch on a GPU, OpenVINO on a CPU where the model
        has a graph for it, else torch.
    threads
        Processor threads of the network; 0 leaves the choice to the backend.
    max_waiting
        Uploads that may wait for the network; the next is told to try again.
    max_bytes, max_pixels, min_side_px, max_side_px
        See `sneakeraug.limits`.
    service_address, service_port
        What the service listens on.
    allowed_hosts
        Names page and service may be asked for under, comma between; ``*`` is any. Where empty:
        this machine's own names while they listen on loopback, else any.
    api_keys, api_keys_file
        sha256 of the keys that callers show, see `api.keys`; without any, no key is asked for.
    public_url
        Where a browser finds the page, for instance ``https://shoes.example``.
    oidc_metadata_url, oidc_client_id, oidc_client_secret
        Of the OpenID Connect provider that signs people in; nobody is asked to where all are empty.
    roles_file
        Who is viewer, engineer or admin once they are signed in, see `sneakeraug.roles`.
    requests_per_minute
        Pictures and requests of one key; 0 sets no limit.
    service_threads
        Pictures worked on at once.
    max_in_flight
        Requests under way at once, those still being read and those waiting among them.
    max_wait_s
        A request that would likely be answered later than this is refused at once, and so is one
        that no thread begins in this time.
    body_timeout_s, request_timeout_s
        For a request's body to arrive, and for the answer to be there.
    """

    model_config = SettingsConfigDict(env_prefix="SNEAKERAUG_", frozen=True, extra="ignore")

    home: Path = Field(default_factory=default_home)
    models_dir: Path = REPOSITORY_MODELS
    model_id: str | None = None
    database_url: str | None = Field(None, repr=False)  # there may be a password in it
    device: Literal["auto", "cpu", "cuda"] = "auto"
    backend: Literal["auto", "torch", "openvino"] = "auto"
    threads: int = Field(0, ge=0, le=256)
    max_waiting: int = Field(32, ge=1, le=10_000)
    max_bytes: int = Field(10_000_000, gt=0)
    max_pixels: int = Field(40_000_000, gt=0)
    min_side_px: int = Field(64, gt=0)
    max_side_px: int = Field(12_000, gt=0)
    service_address: str = "127.0.0.1"
    service_port: int = Field(8080, ge=0, le=65_535)
    allowed_hosts: str = ""
    api_keys: str = ""
    api_keys_file: Path | None = None
    public_url: str = ""
    oidc_metadata_url: str = ""
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr = SecretStr("")
    roles_file: Path | None = None
    requests_per_minute: int = Field(600, ge=0)
    service_threads: int = Field(4, ge=1, le=64)
    max_in_flight: int = Field(64, ge=1, le=1000)
    max_wait_s: float = Field(1.0, gt=0, le=600)
    body_timeout_s: float = Field(10.0, gt=0, le=600)
    request_timeout_s: float = Field(30.0, gt=0, le=600)

    @property
    def database(self) -> str:
        """The address of the database."""
        return self.database_url or f"sqlite:///{self.database_file}"

    @property
    def has_database(self) -> bool:
        """Whether there is one already, or an address was set."""
        return self.database_url is not None or self.database_file.exists()

    @property
    def database_file(self) -> Path:
        """The SQLite file, where no other address is set."""
        return self.home / "sneakeraug.db"

    @property
    def pictures_dir(self) -> Path:
        """Where the pictures of one's own catalog are."""
        return self.home / "catalog"

    @property
    def index_dir(self) -> Path:
        """Where the search index of one's own catalog is kept, once it is large."""
        return self.home / "index"

    @property
    def graphs_dir(self) -> Path:
        """Where OpenVINO keeps graphs that it compiled; it may be emptied at any time."""
        return self.home / "openvino"

    @property
    def limits(self) -> Limits:
        """The picture limits as one record."""
        return Limits(
            max_bytes=self.max_bytes,
            max_pixels=self.max_pixels,
            min_side_px=self.min_side_px,
            max_side_px=self.max_side_px,
        )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flag, then environment, then the file in home."""
        toml = TomlConfigSettingsSource(settings_cls, default_home() / "sneakeraug.toml")
        return (init_settings, env_settings, toml)


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Read the settings once.

    Raises
    ------
    SettingsError
        If a value cannot be used; names the setting and where it came from.
    """
    return read_settings()


def read_settings(**flags: str | None) -> Settings:
    """Read the settings, flags before everything else.

    Parameters
    ----------
    flags
        By the setting's name; None where a flag was not given.

    Raises
    ------
    InputError
        If a flag's value cannot be used.
    SettingsError
        If another one's cannot; names the setting and where it came from.
    """
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as exc:
        first = exc.errors()[0]
        name, expected = str(first["loc"][0]), first["msg"].lower()
        if name in given:
            raise InputError(
                f"--{name} {str(given[name])[:60]!r} cannot be used; {expected}. "
                "Choose another and try again."
            ) from exc
        variable = f"SNEAKERAUG_{name.upper()}"
        source = "the environment" if variable in os.environ else "sneakeraug.toml"
        raise SettingsError(variable, first["input"], source, expected) from exc
