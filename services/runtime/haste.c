/* See haste.h. glibc has no names for these two calls before 2.41. */
#include "runtime/haste.h"

#include <linux/sched.h>
#include <linux/sched/types.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The shortest that there is; the longest run of ours between two waits is about as long. */
enum { SLICE_NS = 100000 };

/* 0: the calling thread. What an operator chose beside it, niceness or another policy, stays. */
static bool shorten_slice(pid_t thread) {
    struct sched_attr attr = {.size = sizeof attr};
    if (syscall(SYS_sched_getattr, thread, &attr, sizeof attr, 0) < 0 || attr.sched_policy != SCHED_NORMAL)
        return false;
    attr.sched_runtime = SLICE_NS;
    return syscall(SYS_sched_setattr, thread, &attr, 0) == 0;
}

bool wjz_haste_own(void) {
    return shorten_slice(0);
}

/* 0: none, or not in sight. */
static pid_t parent_of(pid_t process) {
    char path[32], line[128];
    snprintf(path, sizeof path, "/proc/%d/status", (int)process);
    FILE *file = fopen(path, "re");
    if (!file) return 0;
    int parent = 0;
    while (parent == 0 && fgets(line, sizeof line, file))
        (void)sscanf(line, "PPid: %d", &parent);
    fclose(file);
    return parent;
}

bool wjz_haste_server(int socket, pid_t process) {
    struct ucred listener = {0}; /* who called listen() */
    socklen_t size = sizeof listener;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &listener, &size) < 0 || listener.pid <= 0) return false;
    if (process <= 0 || parent_of(process) != listener.pid) return false;
    return shorten_slice(process);
}
