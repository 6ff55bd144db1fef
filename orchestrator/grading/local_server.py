"""llama.cpp's OpenAI-compatible server in this process, on loopback. Needs the extra ``local``; import it late."""

from pathlib import Path

import xllamacpp
from msgspec import Struct

from orchestrator.errors import EvenhandError
from orchestrator.grading.budget import ANSWER_TOKENS

HOST = "127.0.0.1"
_ERRORS_ONLY = 1
_CACHE_MIB = 1024


class ModelNotServed(EvenhandError):
    """The engine did not start with these weights."""


class Serving(Struct, frozen=True, kw_only=True):
    """What to serve. ``context`` is in tokens for each call, its answer included; ``parallel`` counts calls at once.

    ``threads`` None leaves their number to the engine; ``port`` 0 takes a free one.
    """

    weights: Path
    name: str
    port: int
    context: int
    parallel: int = 1
    threads: int | None = None


class RunningServer:
    """A server that answers until `stop`. ``base_url`` is what EVENHAND_OPENAI_BASE_URL must be."""

    def __init__(self, engine: xllamacpp.Server) -> None:
        self._engine: xllamacpp.Server | None = engine
        self.base_url = f"{engine.listening_address.rstrip('/')}/v1"

    def stop(self) -> None:
        """End it; calls under way get no answer."""
        # The engine ends with its last reference, and knows no other way.
        self._engine = None


def start_server(wanted: Serving) -> RunningServer:
    """Load the weights, which takes seconds to minutes, and serve.

    Raises:
        ModelNotServed: the weights cannot be loaded, or the port was taken meanwhile.
    """
    try:
        return RunningServer(xllamacpp.Server(_parameters(wanted)))
    except RuntimeError as error:
        raise ModelNotServed(
            f"{wanted.weights} could not be served: is the file whole, is it a model that writes text, and is there enough"
            f" memory for it and {wanted.parallel} × {wanted.context} tokens?"
        ) from error


def _parameters(wanted: Serving) -> xllamacpp.CommonParams:
    found = xllamacpp.CommonParams()
    found.model.path = str(wanted.weights)
    found.model_alias = {wanted.name}
    found.offline = True
    found.hostnames = [HOST]
    found.port = wanted.port
    # The engine shares its context among the calls at once.
    found.n_ctx = wanted.context * wanted.parallel
    found.n_parallel = wanted.parallel
    # A model that rambles would else fill the context, minutes after its caller gave up.
    found.n_predict = ANSWER_TOKENS
    found.cache_ram_mib = _CACHE_MIB
    if wanted.threads is not None:
        found.cpuparams.n_threads = wanted.threads
        found.cpuparams_batch.n_threads = wanted.threads
    # Nothing but questions and answers: no page, no view of what others asked, no word of it in a log.
    found.ui = False
    found.endpoint_slots = False
    found.cors_origins = f"http://{HOST}:{wanted.port}"
    found.verbosity = _ERRORS_ONLY
    return found
