/* See xlsx_part.h. */
#include "intake/xlsx_part.h"

#include <errno.h>
#include <string.h>

#include "wjz/clean.h"

enum {
    RATIO_FROM = 1024 * 1024, /* small parts may be packed as well as they like */
    NODES_IN_A_BREATH = 8192,
};

static int read_zip(void *context, char *buffer, int length) {
    xlsx_part *part = context;
    if (part->read >= part->limit) {
        part->over = true;
        return -1;
    }
    zip_int64_t got = zip_fread(part->file, buffer, (zip_uint64_t)length);
    if (got < 0) {
        part->broken = true;
        return -1;
    }
    part->read += (uint64_t)got;
    return (int)got;
}

static int close_nothing(void *context) {
    (void)context;
    return 0;
}

static void be_silent(void *arg, const char *message, xmlParserSeverities severity, xmlTextReaderLocatorPtr locator) {
    (void)arg;
    (void)message;
    (void)severity;
    (void)locator;
}

static int too_large(const xlsx_part *part, wjz_err *err) {
    return wjz_err_set(
        err, -E2BIG,
        "工作簿解压后超过 %llu 字节，请拆分 / the workbook's part \"%.80s\" unpacks to more than %llu bytes: divide it",
        (unsigned long long)part->limit, part->name, (unsigned long long)part->limit);
}

int xlsx_part_open(zip_t *package, const char *name, const xlsx_limits *limits, xlsx_part *part, wjz_err *err) {
    zip_stat_t stat;
    if (zip_stat(package, name, ZIP_FL_NOCASE, &stat) != 0) return -ENOENT;
    *part = (xlsx_part){.name = name, .limit = limits->entry_bytes, .breath = limits->breath};
    uint64_t by_ratio = (stat.valid & ZIP_STAT_COMP_SIZE) != 0 ? stat.comp_size * limits->ratio : RATIO_FROM;
    if (by_ratio < RATIO_FROM) by_ratio = RATIO_FROM;
    if (by_ratio < part->limit) part->limit = by_ratio;
    if ((stat.valid & ZIP_STAT_SIZE) != 0 && stat.size > part->limit) return too_large(part, err);
    part->file = zip_fopen_index(package, stat.index, 0);
    if (part->file == NULL) {
        return wjz_err_set(err, -EINVAL, "工作簿已损坏，或设有密码 / cannot open the workbook's part \"%.80s\": %s",
                           name, zip_strerror(package));
    }
    part->reader = xmlReaderForIO(read_zip, close_nothing, part, NULL, NULL, XML_PARSE_NONET | XML_PARSE_COMPACT);
    if (part->reader == NULL) {
        xlsx_part_close(part);
        return wjz_err_set(err, -ENOMEM, "out of memory");
    }
    xmlTextReaderSetErrorHandler(part->reader, be_silent, NULL);
    return 0;
}

void xlsx_part_close(xlsx_part *part) {
    if (part->reader != NULL) xmlFreeTextReader(part->reader);
    if (part->file != NULL) (void)zip_fclose(part->file);
    part->reader = NULL;
    part->file = NULL;
}

int xlsx_part_next(xlsx_part *part, wjz_err *err) {
    if (part->breath != NULL && ++part->nodes == NODES_IN_A_BREATH) {
        part->nodes = 0;
        part->breath->fn(part->breath->arg);
    }
    int r = xmlTextReaderRead(part->reader);
    if (part->over) return too_large(part, err);
    if (part->broken)
        return wjz_err_set(err, -EINVAL,
                           "工作簿已损坏，请重新导出 / the workbook's part \"%.80s\" is damaged: export it again",
                           part->name);
    if (r < 0) {
        return wjz_err_set(
            err, -EINVAL, "工作簿已损坏，请重新导出 / the workbook's part \"%.80s\" is no well-formed XML near line %d",
            part->name, xmlTextReaderGetParserLineNumber(part->reader));
    }
    if (r == 1 && xmlTextReaderNodeType(part->reader) == XML_READER_TYPE_DOCUMENT_TYPE) {
        return wjz_err_set(err, -EINVAL,
                           "工作簿中有不该有的文档类型声明，请重新导出 / "
                           "the workbook's part \"%.80s\" declares a document type, which no workbook needs",
                           part->name);
    }
    return r;
}

static bool is_named(const xlsx_part *part, const char *local_name) {
    const xmlChar *name = xmlTextReaderConstLocalName(part->reader);
    return name != NULL && strcmp((const char *)name, local_name) == 0;
}

bool xlsx_at_element(const xlsx_part *part, const char *local_name) {
    return xmlTextReaderNodeType(part->reader) == XML_READER_TYPE_ELEMENT && is_named(part, local_name);
}

bool xlsx_at_end(const xlsx_part *part, const char *local_name) {
    return xmlTextReaderNodeType(part->reader) == XML_READER_TYPE_END_ELEMENT && is_named(part, local_name);
}

void xlsx_attribute(const xlsx_part *part, const char *local_name, char *out, size_t size) {
    out[0] = '\0';
    if (xmlTextReaderMoveToFirstAttribute(part->reader) != 1) return;
    do {
        const char *value = (const char *)xmlTextReaderConstValue(part->reader);
        if (!is_named(part, local_name) || value == NULL) continue;
        size_t length = strnlen(value, size - 1);
        memcpy(out, value, length);
        out[length] = '\0';
        break;
    } while (xmlTextReaderMoveToNextAttribute(part->reader) == 1);
    (void)xmlTextReaderMoveToElement(part->reader);
}
