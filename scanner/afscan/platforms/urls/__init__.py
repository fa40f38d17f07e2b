"""URLs and connection strings: their parts with exact places, whether they are encrypted, whether they are connections at all."""

from afscan.platforms.urls.parse import Spot, Url, find_urls, parse_url
from afscan.platforms.urls.products import SUPERUSERS, product_of_url
from afscan.platforms.urls.purpose import is_any_address, is_connection, is_listener, is_loopback, pool_parameter
from afscan.platforms.urls.tls import MODES, decides_tls, security_of

__all__ = [
    "MODES",
    "SUPERUSERS",
    "Spot",
    "Url",
    "decides_tls",
    "find_urls",
    "is_any_address",
    "is_connection",
    "is_listener",
    "is_loopback",
    "parse_url",
    "pool_parameter",
    "product_of_url",
    "security_of",
]
