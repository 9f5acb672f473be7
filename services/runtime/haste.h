/* Haste: who is waited for gets the processor as soon as it wakes.
 *
 * Linux (from 6.12 on) lets a thread that wakes interrupt another one when it asks for shorter slices of time than that
 * one has. It gets no larger share of the processor by it, only its share sooner; threads made later inherit it. Older
 * kernels and those that do not allow it leave everything as it is: nothing here fails. */
#ifndef RUNTIME_HASTE_H
#define RUNTIME_HASTE_H

#include <stdbool.h>

#include <sys/types.h>

/* Of the calling thread, and of all that it will make. False: as it was. */
bool wjz_haste_own(void);

/* The same for a server process that works for us alone: process, one of those that the listener behind the socket
 * made. Only when it runs here, in sight of ours: behind a unix socket. False: as it was; the process may be another
 * user's. */
bool wjz_haste_server(int socket, pid_t process);

#endif
