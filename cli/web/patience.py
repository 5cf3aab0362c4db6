"""Connections that ask for nothing are closed, and no address has all of them."""

import asyncio
from collections import Counter
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from sottovoce.cli.web.limits import Limits


def patient_protocol(limits: Limits) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol with limits on what a connection may do without a request.

    Its own limit is that of all connections together, and it waits for the first request as long as it takes.

    Parameters
    ----------
    limits : Limits
        `hello` is how long a request may take until its headers are complete; `per_address` bounds the connections.
    """
    open_ones: Counter[str] = Counter()

    class Patient(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        _address: str | None = None
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._address = str((transport.get_extra_info("peername") or ("",))[0])
            open_ones[self._address] += 1
            if open_ones[self._address] > limits.per_address:
                transport.abort()
            else:
                self._begin_waiting()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._asks():
                self._stop_waiting()
            elif self._address is not None:
                self._begin_waiting()

        def handle_websocket_upgrade(self, *given: Any) -> None:
            self._leave()  # live sessions have limits of their own
            super().handle_websocket_upgrade(*given)

        def connection_lost(self, error: Exception | None) -> None:
            self._leave()
            super().connection_lost(error)

        def _asks(self) -> bool:
            return self.cycle is not None and not self.cycle.response_complete

        def _begin_waiting(self) -> None:
            if self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(limits.hello, self._close)

        def _stop_waiting(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

        def _close(self) -> None:
            self._timer = None
            if not self._asks():
                self.transport.close()

        def _leave(self) -> None:
            self._stop_waiting()
            if self._address is not None:
                open_ones[self._address] -= 1
                self._address = None

    return Patient
