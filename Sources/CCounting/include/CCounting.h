#pragma once
// Counts what a program does while `ccounting_measure` runs: it stands before malloc(3) and send(2), and passes on.
#include <stdint.h>

/// Runs `body(context)` with the counters on. Callgrind is told to look at nothing but this function.
void ccounting_measure(void (*body)(void *), void *context);
/// Blocks of memory that were asked for during the last measure; one that was moved or grown counts, too.
uint64_t ccounting_allocations(void);
/// Calls of send(2) and sendmsg(2) during the last measure.
uint64_t ccounting_sends(void);
