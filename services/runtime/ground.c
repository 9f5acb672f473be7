/* Ground: addresses and keys of a bus's sockets. Over ipc a socket is a file that only its user can open; over tcp
 * every socket speaks CURVE. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/bus.h"

bool wjz_over_tcp(const char *endpoint) {
    return strncmp(endpoint, "tcp://", 6) == 0;
}

/* What peers reach a tcp endpoint by: its host is ours when it was bound to a certain one. */
static void advertise(const wjz_ground *ground, const char *bound, char ret_endpoint[WJZ_ENDPOINT_TEXT]) {
    char host[200] = "localhost";
    const char *port = strrchr(bound, ':');
    if (ground->advertise_host)
        snprintf(host, sizeof host, "%s", ground->advertise_host);
    else if (!strstr(bound, "//0.0.0.0:") && !strstr(bound, "//[::]:"))
        snprintf(host, sizeof host, "%.*s", (int)(port - bound - 6), bound + 6);
    else
        gethostname(host, sizeof host - 1);
    snprintf(ret_endpoint, WJZ_ENDPOINT_TEXT, "tcp://%.200s%.10s", host, port);
}

int wjz_ground_bind(const wjz_ground *ground, wjz_socket *socket, const char *purpose,
                    char ret_endpoint[WJZ_ENDPOINT_TEXT], wjz_err *err) {
    static unsigned made; /* a process may have several buses */
    char wanted[WJZ_ENDPOINT_TEXT], bound[256];
    if (wjz_over_tcp(ground->bind))
        snprintf(wanted, sizeof wanted, "%.300s:*", ground->bind);
    else
        snprintf(wanted, sizeof wanted, "%.200s/%.60s-%d-%u.%s", ground->bind, ground->instance, (int)getpid(), made++,
                 purpose);
    int r = wjz_socket_bind(socket, wanted, bound, err);
    if (r < 0) return r;
    if (wjz_over_tcp(bound)) {
        advertise(ground, bound, ret_endpoint);
    } else {
        wjz_socket_own_file(socket, bound);
        snprintf(ret_endpoint, WJZ_ENDPOINT_TEXT, "%s", bound);
    }
    return 0;
}

int wjz_ground_connect(wjz_socket *socket, const char *endpoint, const char *public_key, wjz_err *err) {
    return wjz_socket_connect(socket, endpoint, wjz_over_tcp(endpoint) ? public_key : "", err);
}

wjz_socket_options wjz_ground_client(const wjz_ground *ground, int type, wjz_socket_fn *received, void *arg) {
    return (wjz_socket_options){.type = type,
                                .received = received,
                                .arg = arg,
                                .public_key = ground->public_key,
                                .secret_key = ground->secret_key};
}

wjz_socket_options wjz_ground_server(const wjz_ground *ground, int type, wjz_socket_fn *received, void *arg) {
    return (wjz_socket_options){.type = type,
                                .received = received,
                                .arg = arg,
                                .secret_key = ground->curve ? ground->secret_key : NULL,
                                .domain = ground->curve ? WJZ_BUS_DOMAIN : NULL};
}

/* Whether the file is "INSTANCE-PID-NUMBER.purpose" of a process that is no more. */
static bool left_over(const char *name, const char *instance) {
    size_t length = strlen(instance);
    int pid, end = 0;
    unsigned number;
    if (strncmp(name, instance, length) != 0) return false;
    if (sscanf(name + length, "-%d-%u.%n", &pid, &number, &end) != 2 || end == 0) return false;
    const char *purpose = name + length + end;
    if (strcmp(purpose, "queue") != 0 && strcmp(purpose, "request") != 0 && strcmp(purpose, "publish") != 0)
        return false;
    return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

void wjz_ground_clear_leftovers(const wjz_ground *ground) {
    const char *path = strncmp(ground->bind, "ipc://", 6) == 0 ? ground->bind + 6 : NULL;
    DIR *dir = path ? opendir(path) : NULL;
    if (!dir) return; /* binding will say what is wrong with it */
    for (struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
        if (left_over(entry->d_name, ground->instance)) unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}
