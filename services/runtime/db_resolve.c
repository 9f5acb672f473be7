/* The database's host name, looked up in a thread of libuv's: libpq would look it up itself, and hold up the whole loop
 * for as long as the name server keeps silent — most likely just when the database has gone. */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/db.h"

struct wjz_resolving {
    uv_getaddrinfo_t request;
    wjz_conn *conn; /* NULL: nobody waits any more */
};

bool wjz_db_must_resolve(const wjz_db *db) {
    const char *host = wjz_db_setting(db, "host");
    if (!host || !*host || wjz_db_setting(db, "hostaddr")) return false;
    /* A folder or an abstract name of a unix socket; a list is libpq's business. */
    return *host != '/' && *host != '@' && !strchr(host, ',');
}

/* Appends "," (but for the first) and item; false when there is no room. */
static bool append(char *list, size_t size, const char *item) {
    size_t used = strlen(list), more = strlen(item) + (used > 0);
    if (used + more >= size) return false;
    if (used) strcat(list, ",");
    strcat(list, item);
    return true;
}

/* All addresses in turn: libpq wants the name as often as there are addresses. */
static void list_addresses(const struct addrinfo *found, const char *host, wjz_addresses *list) {
    *list = (wjz_addresses){0};
    for (const struct addrinfo *one = found; one; one = one->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST) != 0) continue;
        size_t before = strlen(list->addresses);
        if (!append(list->addresses, sizeof(list->addresses), text)) return;
        if (!append(list->hosts, sizeof(list->hosts), host)) {
            list->addresses[before] = '\0';
            return;
        }
    }
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found) {
    struct wjz_resolving *resolving = request->data;
    wjz_conn *conn = resolving->conn;
    free(resolving);
    wjz_addresses list = {0};
    if (conn && status == 0) list_addresses(found, wjz_db_setting(conn->db, "host"), &list);
    uv_freeaddrinfo(found);
    if (!conn) return;
    conn->resolving = NULL;
    wjz_conn_resolved(conn, &list, status < 0 ? uv_strerror(status) : "no address");
}

int wjz_db_resolve(wjz_conn *conn) {
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct wjz_resolving *resolving = calloc(1, sizeof(*resolving));
    if (!resolving) return -ENOMEM;
    resolving->conn = conn;
    resolving->request.data = resolving;
    int r = uv_getaddrinfo(wjz_loop_uv(conn->db->loop), &resolving->request, on_resolved,
                           wjz_db_setting(conn->db, "host"), NULL, &hints);
    if (r < 0) {
        free(resolving);
        return r;
    }
    conn->resolving = resolving;
    return 0;
}

void wjz_db_resolve_cancel(wjz_conn *conn) {
    struct wjz_resolving *resolving = WJZ_STEAL(conn->resolving);
    if (!resolving) return;
    resolving->conn = NULL;
    uv_cancel((uv_req_t *)&resolving->request); /* frees itself in on_resolved, cancelled or not */
}
