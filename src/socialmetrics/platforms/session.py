"""The HTTP session that the vendors' clients are given: a base URL and a way of ours, and limits of time and size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from socialmetrics import outside
from socialmetrics.platforms.limits import PIECE, read_whole
from socialmetrics.settings import Access


class Session(requests.Session):
    """`base` replaces `vendor_base`, the address that is fixed inside the vendor's client.

    `headers_came`: those of the latest answer, which the vendors' clients do not hand on.
    """

    def __init__(self, vendor_base: str, access: Access) -> None:
        super().__init__()
        self.vendor_base = vendor_base
        self.base = (access.url or vendor_base).rstrip("/")
        self.network = access.network
        outside.prepare(self, access.network)
        self.headers_came: Mapping[str, str] = {}

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        address = url.decode() if isinstance(url, bytes) else url
        if address.startswith(self.vendor_base):
            address = self.base + address[len(self.vendor_base) :]
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = outside.TIMEOUT_SECONDS
        way = outside.proxies(self.network, address)
        kwargs |= {"stream": True, "allow_redirects": False, "proxies": way}
        try:
            answer = super().request(method, address, *args, **kwargs)
        except requests.ConnectionError as error:
            if wrong := outside.explain(error, address):
                raise wrong from None
            raise
        self.headers_came = answer.headers
        try:
            whole = read_whole(lambda: answer.raw.read1(PIECE, decode_content=True))
        except Exception as error:
            answer.raw.close()
            if isinstance(error, HTTPError | OSError):
                raise requests.ConnectionError(type(error).__name__) from None
            raise
        # requests would read without a bound; these say that it has read already
        vars(answer).update(_content=whole, _content_consumed=True)
        return answer
