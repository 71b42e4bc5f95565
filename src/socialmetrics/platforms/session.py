"""The HTTP session that tweepy and facebook-sdk are given: a base URL of ours and a time limit."""

from __future__ import annotations

from typing import Any

import requests
from requests.adapters import HTTPAdapter

TIMEOUT_SECONDS = (5.0, 30.0)


class Session(requests.Session):
    """`base` replaces `vendor_base`, the address that is fixed inside the vendor's client."""

    def __init__(self, vendor_base: str, base: str | None) -> None:
        super().__init__()
        self.vendor_base = vendor_base
        self.base = (base or vendor_base).rstrip("/")
        self.mount("https://", HTTPAdapter(max_retries=0))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        address = url.decode() if isinstance(url, bytes) else url
        if address.startswith(self.vendor_base):
            address = self.base + address[len(self.vendor_base) :]
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = TIMEOUT_SECONDS
        return super().request(method, address, *args, **kwargs)
