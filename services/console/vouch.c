#include "console/vouch.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

static const wjz_stmt VOUCH = {"console_vouch", "SELECT console.vouch($1)", 1};

struct vouch {
    uint8_t key[WJZ_SEAL_MAC];
};

int vouch_send(const vouch *v, wjz_tx *tx) {
    return wjz_tx_send_aside(tx, &VOUCH, (const wjz_param[]){wjz_bytes(v->key, sizeof v->key)}, 1);
}

static int make_known(const vouch *v, wjz_db *db, wjz_err *err) {
    WJZ_CLEANUP(wjz_tx_abort) wjz_tx *tx = NULL;
    int r = wjz_tx_begin(db, &tx, err);
    if (r == 0) r = vouch_send(v, tx);
    return r == 0 ? wjz_tx_commit(&tx, err) : r;
}

int vouch_new(const wjz_seal *seal, wjz_db *db, vouch **ret_vouch, wjz_err *err) {
    vouch *v = malloc(sizeof *v);
    if (!v) return wjz_err_set(err, -ENOMEM, "out of memory");
    wjz_seal_mac(seal, "program", "", 0, v->key);
    int r = make_known(v, db, err);
    if (r < 0) {
        vouch_destroy(&v);
        return r;
    }
    *ret_vouch = v;
    return 0;
}

void vouch_destroy(vouch **at) {
    vouch *v = at ? WJZ_STEAL(*at) : NULL;
    if (!v) return;
    sodium_memzero(v, sizeof *v);
    free(v);
}
