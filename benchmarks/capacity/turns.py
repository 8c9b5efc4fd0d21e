"""What Redis uses: a master takes in one turn what came while the last one ran, and what came together shares its costs.

    n  messages in a turn     l  messages a second, to this master     A  loops that hear a message     L  event loops

    turn     = tell + reads * read + n * (message + A * copy) + writes * write
               reads   = L * (1 - (1 - 1/L)^n)       each loop publishes by a connection of its own
               writes  = L * (1 - (1 - 1/L)^(n*A))   and listens by another
               message = publish, + cluster + replica if it is one of several masters, and only then there is tell
    n        = l * turn + exp(-l * turn)             a master for whom nothing waits sleeps, and takes the next message alone
    CPU/s    = l / n * (turn + exp(-l * turn) * wake)
    full     = l / the l whose turn takes redis_turn_s. How busy a master is says little of that: one that has little to do pays
               for each message alone, one that has much takes many together, and both are busy
"""

import math


def some(boxes, balls):
    """How many of the boxes have one of the balls, which are thrown by chance."""
    return boxes * (1 - (1 - 1 / boxes) ** balls)


def alone(u):
    """CPU-us of a message without its copies, and of a turn for itself, of a Redis that is no cluster."""
    return u["publish_us"], 0.0


def in_cluster(u):
    """The same of a cluster's master without a replica, which looks whose slot it is."""
    return u["publish_us"] + u["cluster_us"], 0.0


def replicated(u):
    """The same of one with a replica, which is told of each message, of a turn's together."""
    return in_cluster(u)[0] + u["replica_us"], u["redis_tell_us"]


def turn(u, kind, n, loops, heard):
    """CPU-us of one turn of a master of that kind with n messages."""
    message, itself = kind
    return (itself + some(loops, n) * u["redis_read_us"] + n * (message + heard * u["copy_us"])
            + some(loops, n * heard) * u["redis_write_us"])


def master(u, kind, messages_ps, loops, heard, longest_s):
    """One master at its share of the messages: CPU-us a second, CPU-us a message, messages a turn, and how full it is.

    One that is more than full is taken to do what is asked of it all the same, in turns of that length."""
    if messages_ps <= 0:
        return {"cpu": 0.0, "message_us": 0.0, "in_a_turn": 0.0, "full": 0.0}

    def takes(n):
        return turn(u, kind, n, loops, heard) / 1e6

    # The messages of the turn that takes as long as it may, by halving: the more, the longer.
    low, high = 0.0, 1.0
    while takes(high) < longest_s and high < 1e9:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if takes(middle) < longest_s else (low, middle)
    full = messages_ps * longest_s / low if low else math.inf
    n = 1.0
    for _ in range(10_000):
        following = messages_ps * takes(n) + math.exp(-messages_ps * takes(n))
        if following > max(low, 1.0) or abs(following - n) < 1e-9:
            n = min(following, max(low, 1.0))
            break
        n = following
    cpu = messages_ps / n * (takes(n) * 1e6 + math.exp(-messages_ps * takes(n)) * u["redis_wake_us"])
    return {"cpu": cpu, "message_us": cpu / messages_ps, "in_a_turn": n, "full": full}
