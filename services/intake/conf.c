/* Options of intake. To add one: a field in intake_conf and a row here. */
#include "intake/conf.h"

#define AT(field) offsetof(intake_conf, field)

const wjz_option INTAKE_OPTIONS[] = {
    {"feeds", WJZ_CONF_TEXT, AT(feeds), "deploy/config/feeds.yaml", 0, 0, "feeds that are registered at start"},
    {"profiles", WJZ_CONF_TEXT, AT(profiles), "deploy/config/profiles", 0, 0, "folder of the mapping profiles"},
    {"open311", WJZ_CONF_TEXT, AT(open311), "deploy/config/open311.yaml", 0, 0, "services offered to Open311 clients"},
    {"identity_key_file", WJZ_CONF_TEXT, AT(identity_key_file), NULL, 0, 0,
     "key that seals reporters' names and phones; default keys/identity.key in WJZ_HOME, made when absent"},
    {"door", WJZ_CONF_TEXT, AT(door), "tcp://127.0.0.1:7311", 0, 0, "where platforms push over ZeroMQ; empty: nowhere"},
    {"door_public", WJZ_CONF_TEXT, AT(door_public), NULL, 0, 0,
     "what platforms are told to connect to (default: what the door is bound to)"},
    {"door_key_file", WJZ_CONF_TEXT, AT(door_key_file), NULL, 0, 0,
     "CURVE key of the feed door; default keys/feed-door.key in WJZ_HOME, made when absent"},
    {"door_in_flight", WJZ_CONF_INT, AT(door_in_flight), "64", 1, 4096, "batches handled at once, of all feeds"},
    {"http", WJZ_CONF_TEXT, AT(http), "127.0.0.1:7312", 0, 0, "where platforms push over HTTP; empty: nowhere"},
    {"http_tls_certificate", WJZ_CONF_TEXT, AT(http_tls_certificate), NULL, 0, 0, "PEM file; with http_tls_key, HTTPS"},
    {"http_tls_key", WJZ_CONF_TEXT, AT(http_tls_key), NULL, 0, 0, "PEM file"},
    {"http_connections", WJZ_CONF_INT, AT(http_connections), "256", 1, 10000, "HTTP connections at once"},
    {"http_connections_per_address", WJZ_CONF_INT, AT(http_connections_per_address), "64", 0, 10000,
     "of one address; 0, for behind a proxy: as many as there are"},
    {"http_body_limit", WJZ_CONF_SIZE, AT(http_body_limit), "8M", 1024, 256 << 20, "largest body of a push"},
    {"http_items", WJZ_CONF_INT, AT(http_items), "2000", 1, 10000, "most items in one push"},
    {"rate", WJZ_CONF_INT, AT(rate), "50000", 1, 10000000,
     "items per second that a feed may send, unless its definition says otherwise"},
    {"burst_s", WJZ_CONF_INT, AT(burst_s), "2", 1, 3600, "seconds of its rate that a feed may send at once"},
    {"queue_items", WJZ_CONF_INT, AT(queue_items), "16384", 512, 1 << 20,
     "items waiting for the store, beyond which senders are told to wait"},
    {"writers", WJZ_CONF_INT, AT(writers), "2", 1, 16, "transactions under way at once"},
    {"retry_after", WJZ_CONF_DURATION, AT(retry_after), "1s", 100, 600000,
     "delay that senders are told when the store is away"},
    {"gap_notice_after", WJZ_CONF_DURATION, AT(gap_notice_after), "10m", 0, 7 * 86400000,
     "how long a batch may be missing before operators are told"},
    {"import_bytes", WJZ_CONF_SIZE, AT(import_bytes), "512M", 1 << 20, INT64_C(4) << 30,
     "largest file that can be imported"},
    {NULL, WJZ_CONF_TEXT, 0, NULL, 0, 0, NULL},
};
