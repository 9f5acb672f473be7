#include "console/document.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPERATIONS_MOST = 400 };

struct document {
    json_t *root;
    operation operations[OPERATIONS_MOST];
    char methods[OPERATIONS_MOST][8];
    size_t count;
};

static const json_t *resolved(const document *d, const json_t *value) {
    const char *reference = json_string_value(json_object_get(value, "$ref"));
    return reference ? schema_resolve(d->root, reference) : value;
}

static bool has_parameter(const document *d, const json_t *parameters, const char *name) {
    size_t i;
    const json_t *one;
    json_array_foreach(parameters, i, one) {
        const char *its = json_string_value(json_object_get(resolved(d, one), "name"));
        if (its && strcmp(its, name) == 0) return true;
    }
    return false;
}

static int add_operation(document *d, const char *base, const char *path, const char *method, const json_t *o) {
    const json_t *security = json_object_get(o, "security");
    const json_t *content = json_object_get(json_object_get(o, "requestBody"), "content");
    if (d->count == OPERATIONS_MOST) return -ENOSPC;
    operation *made = &d->operations[d->count];
    for (size_t i = 0; i < 7 && method[i]; i++)
        d->methods[d->count][i] = (char)toupper((unsigned char)method[i]);
    *made = (operation){.id = json_string_value(json_object_get(o, "operationId")),
                        .method = d->methods[d->count],
                        .body = json_object_get(json_object_get(content, "application/json"), "schema"),
                        .open = security &&
                                (json_array_size(security) == 0 || json_object_size(json_array_get(security, 0)) == 0),
                        .parameters = json_object_get(o, "parameters")};
    made->raw_body = content && !made->body;
    made->conditional = has_parameter(d, made->parameters, "If-Match");
    made->repeatable = has_parameter(d, made->parameters, "Idempotency-Key");
    if (asprintf(&made->path, "%s%s", base, path) < 0) return -ENOMEM;
    d->count++;
    return 0;
}

static int add_operations(document *d) {
    const json_t *servers = json_object_get(d->root, "servers");
    const char *base = json_string_value(json_object_get(json_array_get(servers, 0), "url"));
    const char *path, *method;
    json_t *methods, *o;
    int r = base ? 0 : -EINVAL;
    json_object_foreach(json_object_get(d->root, "paths"), path, methods) {
        json_object_foreach(methods, method, o) {
            if (r == 0) r = add_operation(d, base, path, method, o);
        }
    }
    return r;
}

int document_new(document **ret_document, wjz_err *err) {
    json_error_t where;
    WJZ_CLEANUP(document_destroy) document *d = calloc(1, sizeof *d);
    if (!d) return wjz_err_set(err, -ENOMEM, "out of memory");
    d->root = json_loadb((const char *)CONSOLE_OPENAPI, CONSOLE_OPENAPI_LENGTH, 0, &where);
    if (!d->root)
        return wjz_err_set(err, -EINVAL, "cannot read the interface's document: line %d: %s", where.line, where.text);
    int r = add_operations(d);
    if (r < 0) return wjz_err_set(err, r, "cannot read the interface's document");
    *ret_document = WJZ_STEAL(d);
    return 0;
}

void document_destroy(document **at) {
    document *d = at ? WJZ_STEAL(*at) : NULL;
    if (!d) return;
    for (size_t i = 0; i < d->count; i++)
        free(d->operations[i].path);
    json_decref(d->root);
    free(d);
}

size_t document_count(const document *d) {
    return d->count;
}

const operation *document_operation(const document *d, size_t index) {
    return &d->operations[index];
}

const operation *document_find(const document *d, const char *id) {
    for (size_t i = 0; i < d->count; i++)
        if (strcmp(d->operations[i].id, id) == 0) return &d->operations[i];
    return NULL;
}

int document_check_body(const document *d, const operation *o, const json_t *body, schema_fault *ret_fault) {
    return o->body ? schema_check(d->root, o->body, body, ret_fault) : 0;
}

static int check_parameter(const document *d, const json_t *parameter, document_get_fn *get, void *arg,
                           schema_fault *fault) {
    const char *name = json_string_value(json_object_get(parameter, "name"));
    const char *place = json_string_value(json_object_get(parameter, "in"));
    if (strcmp(place, "header") == 0) return 0;
    const char *text = get(name, place, arg);
    snprintf(fault->field, sizeof fault->field, "%s", name);
    snprintf(fault->detail, sizeof fault->detail, "is missing");
    if (!text) return json_is_true(json_object_get(parameter, "required")) ? -EINVAL : 0;
    const json_t *schema = resolved(d, json_object_get(parameter, "schema"));
    json_t *value = schema_take_text(schema, text);
    snprintf(fault->detail, sizeof fault->detail, "has a wrong type");
    int r = value ? schema_check(d->root, schema, value, fault) : -EINVAL;
    snprintf(fault->field, sizeof fault->field, "%s", name);
    json_decref(value);
    return r;
}

int document_check_parameters(const document *d, const operation *o, document_get_fn *get, void *arg,
                              schema_fault *ret_fault) {
    size_t i;
    const json_t *one;
    int r = 0;
    json_array_foreach(o->parameters, i, one) {
        if (r == 0) r = check_parameter(d, resolved(d, one), get, arg, ret_fault);
    }
    return r;
}
