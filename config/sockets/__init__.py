"""The process that holds the websockets of all farms: one, with asyncio.

A web worker gives it the connection of each handshake (`handing_over`, and `tenants.web.websockets`
in the worker). It speaks the protocol by the library ``websockets`` (`clients`), hears of changes
from PostgreSQL (`channels`), reads what changed as the farm's role (`reading`), and tells those who
listen to it (`farms`).
"""
