"""The file of a backup: a tar stream, encrypted for age keys, under its name only once it is whole and on the disk.

age (https://age-encryption.org/v1) encrypts for public keys, so the machine that makes backups cannot open them.
"""

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import pyrage
from pydantic import BaseModel, ValidationError

MANIFEST = "manifest.json"
MAGIC = b"age-encryption.org/"  # what every file of age begins with
BLOCK = 2**20  # bytes that are read at once


class Unusable(Exception):
    """This is no backup, is not whole, or is not for this key; the text says which."""


class File(BaseModel):
    """A file in the archive: bytes, and SHA-256 in hex."""

    size: int
    sha256: str


class Keys(BaseModel):
    """Which keys open what is sealed in a backup, shown without giving any away."""

    vault: list[int]  # ids of the vault's keys
    sealed: str  # a word that the newest of them sealed, in hex
    secret: str  # the blind index of a word, in hex


class Manifest(BaseModel):
    """What a backup holds, written last: an archive without it is not whole."""

    program: str  # version of the program that made it
    made_at: str  # ISO 8601, UTC
    revision: str  # of the migrations
    database: str  # "sqlite" or "postgresql"
    tables: dict[str, int]  # rows of each table
    files: dict[str, File]
    keys: Keys


class Archive:
    """A tar stream being written; remembers what went in."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, File] = {}

    def add(self, path: Path, name: str) -> None:
        """Add a file.  Raises FileNotFoundError when it was deleted meanwhile."""
        with path.open("rb") as file:
            found = tarfile.TarInfo(name)
            found.size = os.fstat(file.fileno()).st_size
            hashing = _Hashing(file)
            self._tar.addfile(found, hashing)  # type: ignore[arg-type]  # It only reads.
            self.files[name] = File(size=found.size, sha256=hashing.hash.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        text = manifest.model_dump_json(indent=1).encode()
        found = tarfile.TarInfo(MANIFEST)
        found.size = len(text)
        self._tar.addfile(found, BytesIO(text))


class _Hashing:
    """A file that knows the hash of what was read of it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.hash = file, hashlib.sha256()

    def read(self, size: int) -> bytes:
        read = self._file.read(size)
        self.hash.update(read)
        return read


def recipients(keys: Sequence[str]) -> list[Any]:
    """Public keys, `age1...` each.  Raises ValueError."""
    try:
        return [pyrage.x25519.Recipient.from_str(key) for key in keys]
    except pyrage.RecipientError as error:
        raise ValueError(f"a public key of age begins with age1 and is 62 characters long: {error}") from None


def identities(file: Path) -> list[Any]:
    """The private keys in a file as `age-keygen` writes it.  Raises Unusable."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="ascii").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, ValueError, pyrage.IdentityError) as error:
        raise Unusable(f"{file} holds no private key of age: {error}") from None
    if not found:
        raise Unusable(f"{file} holds no private key of age")
    return found


@contextmanager
def writing(target: Path, keys: Sequence[Any]) -> Iterator[Archive]:
    """A new backup, for whoever has a private key to one of `keys`; without keys it is readable by anybody.

    Killed at any moment there is no file of that name, and what was begun lies beside it under a hidden one.
    """
    partial = target.with_name(f".{target.name}.partial")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            with _encrypted(file, keys) as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
                yield Archive(tar)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    partial.replace(target)
    settle(target.parent)


def settle(folder: Path) -> None:
    """Have the names in a folder on the disk before going on."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def unpack(source: Path, folder: Path, keys: Sequence[Any]) -> Manifest:
    """Unpack a backup and hold every file against the manifest.  Raises Unusable."""
    with source.open("rb") as file:
        sealed = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        if sealed and not keys:
            raise Unusable(f"{source} is encrypted: name the file of the private key by --identity")
        try:
            with _decrypted(file, keys if sealed else ()) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:
                tar.extractall(folder, filter="data")
        except (pyrage.DecryptError, OSError, tarfile.TarError, EOFError) as error:
            raise Unusable(f"{source} is no backup, is not whole, or does not open with this key: {error}") from None
    return _checked(source, folder)


def _checked(source: Path, folder: Path) -> Manifest:
    try:
        manifest = Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):
        raise Unusable(f"{source} has no list of what is in it: it is not whole") from None
    for name, expected in manifest.files.items():
        path = folder / name
        if ".." in path.parts or not path.is_file() or _described(path) != expected:
            raise Unusable(f"{source}: {name} is not what was put into it")
    return manifest


def _described(path: Path) -> File:
    with path.open("rb") as file:
        return File(size=os.fstat(file.fileno()).st_size, sha256=hashlib.file_digest(file, "sha256").hexdigest())


@contextmanager
def _encrypted(file: IO[bytes], keys: Sequence[Any]) -> Iterator[IO[bytes]]:
    """Whatever is written arrives in `file`, encrypted."""
    if not keys:
        yield file
        return
    with _pumped(lambda source: pyrage.encrypt_io(source, file, keys)) as sink:
        yield sink


@contextmanager
def _pumped(work: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """A pipe whose other end a thread reads."""
    source, sink = os.pipe()

    def run() -> None:
        with os.fdopen(source, "rb") as opened:  # Closed when it fails: whoever writes sees it, and does not wait.
            work(opened)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            with os.fdopen(sink, "wb", BLOCK) as opened:
                yield opened
        except BrokenPipeError:
            running.result()  # says why
            raise
        running.result()


@contextmanager
def _decrypted(file: IO[bytes], keys: Sequence[Any]) -> Iterator[IO[bytes]]:
    """What `file` holds, decrypted."""
    if not keys:
        yield file
        return
    source, sink = os.pipe()

    def run() -> None:
        with os.fdopen(sink, "wb", BLOCK) as opened:
            pyrage.decrypt_io(file, opened, keys)

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run)
        try:
            with os.fdopen(source, "rb", BLOCK) as opened:
                yield opened
                while opened.read(BLOCK):  # The last piece of an encrypted file proves that nothing was cut off.
                    pass
        except (tarfile.TarError, EOFError, OSError):
            if (error := running.exception()) and not isinstance(error, BrokenPipeError):
                raise error from None  # The stream ended early because it could not be decrypted.
            raise
        running.result()
