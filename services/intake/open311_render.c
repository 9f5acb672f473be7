/* See open311_render.h. */
#include "intake/open311_render.h"

#include <libxml/xmlwriter.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(s) ((const xmlChar *)(s))

static int write_value(xmlTextWriterPtr writer, const char *name, const json_t *value, const char *item);

/* "attributes" → "attribute", "services" → "service". */
static void singular(const char *plural, char out[64]) {
    size_t length = strnlen(plural, 63);
    memcpy(out, plural, length);
    if (length > 1 && out[length - 1] == 's') length--;
    out[length] = '\0';
}

/* Not every character of a text may stand in XML: control characters, U+FFFE and U+FFFF become U+FFFD. */
static int write_text(xmlTextWriterPtr writer, const char *text) {
    static const char REPLACEMENT[] = "\xEF\xBF\xBD";
    size_t length = strlen(text);
    char *kept = malloc(length * 3 + 1);
    size_t n = 0;
    if (kept == NULL) return -1;
    for (size_t i = 0; i < length; i++) {
        bool control = (unsigned char)text[i] < 0x20 && strchr("\t\n\r", text[i]) == NULL;
        bool reserved = strncmp(text + i, "\xEF\xBF\xBE", 3) == 0 || strncmp(text + i, "\xEF\xBF\xBF", 3) == 0;
        if (!control && !reserved) {
            kept[n++] = text[i];
            continue;
        }
        memcpy(kept + n, REPLACEMENT, 3);
        n += 3;
        if (reserved) i += 2;
    }
    kept[n] = '\0';
    int r = xmlTextWriterWriteString(writer, TEXT(kept));
    free(kept);
    return r;
}

static int write_scalar(xmlTextWriterPtr writer, const json_t *value) {
    char number[40];
    if (json_is_string(value)) return write_text(writer, json_string_value(value));
    if (json_is_boolean(value)) return xmlTextWriterWriteString(writer, TEXT(json_is_true(value) ? "true" : "false"));
    if (json_is_integer(value))
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        (void)snprintf(number, sizeof number, "%.9g", json_real_value(value));
    else
        return 0;
    return xmlTextWriterWriteString(writer, TEXT(number));
}

static int write_content(xmlTextWriterPtr writer, const char *name, const json_t *value, const char *item) {
    char single[64];
    const char *key = NULL;
    json_t *member = NULL;
    int r = 0;
    if (json_is_array(value)) {
        singular(name, single);
        for (size_t i = 0; r >= 0 && i < json_array_size(value); i++) {
            r = write_value(writer, item != NULL ? item : single, json_array_get(value, i), NULL);
        }
        return r;
    }
    if (!json_is_object(value)) return write_scalar(writer, value);
    json_object_foreach((json_t *)(uintptr_t)value, key, member) { /* jansson has no const iteration */
        if (r >= 0) r = write_value(writer, key, member, NULL);
    }
    return r;
}

static int write_value(xmlTextWriterPtr writer, const char *name, const json_t *value, const char *item) {
    if (xmlTextWriterStartElement(writer, TEXT(name)) < 0) return -1;
    if (write_content(writer, name, value, item) < 0) return -1;
    return xmlTextWriterEndElement(writer);
}

char *open311_to_xml(const json_t *value, const char *root, const char *item) {
    xmlBufferPtr buffer = xmlBufferCreate();
    xmlTextWriterPtr writer = buffer != NULL ? xmlNewTextWriterMemory(buffer, 0) : NULL;
    char *text = NULL;
    if (writer != NULL && xmlTextWriterStartDocument(writer, NULL, "UTF-8", NULL) >= 0 &&
        write_value(writer, root, value, item) >= 0 && xmlTextWriterEndDocument(writer) >= 0 &&
        xmlTextWriterFlush(writer) >= 0) {
        text = strdup((const char *)xmlBufferContent(buffer));
    }
    if (writer != NULL) xmlFreeTextWriter(writer);
    if (buffer != NULL) xmlBufferFree(buffer);
    return text;
}
