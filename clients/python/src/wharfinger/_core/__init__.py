"""The client's inside: one core of coroutines over a small transport, which either suspends (asyncio) or blocks."""
