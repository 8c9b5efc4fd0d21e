"""Ports for servers that the tests start."""

import socket

keepers = []


def free_port():
    """A port of 127.0.0.1 that nobody is given from now on who asks for any: only who names it, and sets SO_REUSEADDR
    as servers do, can listen there."""
    keeper = socket.socket()
    keepers.append(keeper)
    keeper.bind(("127.0.0.1", 0))
    # Behind the choice: before it, a port might be chosen that another keeper has.
    keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return keeper.getsockname()[1]
