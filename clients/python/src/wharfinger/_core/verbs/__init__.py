"""What both clients do by the calls of the API, as coroutines over a transport."""
