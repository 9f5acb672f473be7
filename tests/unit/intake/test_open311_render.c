/* Open311 answers as XML. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "intake/open311_render.h"

static void expect(const char *json, const char *root, const char *item, const char *wanted) {
    json_t *value = json_loads(json, 0, NULL);
    assert_non_null(value);
    char *xml = open311_to_xml(value, root, item);
    const char *body = strchr(xml, '\n') + 1;
    assert_memory_equal(body, wanted, strlen(wanted));
    assert_string_equal(body + strlen(wanted), "\n");
    free(xml);
    json_decref(value);
}

static void lists_and_members(void **state) {
    (void)state;
    expect("[{\"a\": \"x\"}, {\"a\": 1}]", "services", NULL,
           "<services><service><a>x</a></service><service><a>1</a></service></services>");
    expect("[{\"a\": true}]", "service_requests", "request",
           "<service_requests><request><a>true</a></request></service_requests>");
    expect("[]", "services", NULL, "<services/>");
    expect("{\"values\": [{\"key\": \"k\"}], \"n\": null, \"f\": 30.5}", "r", NULL,
           "<r><values><value><key>k</key></value></values><n/><f>30.5</f></r>");
}

static void texts_are_escaped(void **state) {
    (void)state;
    expect("{\"a\": \"<b> & \\\"c\\\" 中\"}", "r", NULL, "<r><a>&lt;b&gt; &amp; &quot;c&quot; 中</a></r>");
}

static void what_xml_does_not_have_is_replaced(void **state) {
    (void)state;
    expect("{\"a\": \"x\\u0001\\u001f\\t\\uFFFE\\uFFFF中\"}", "r", NULL,
           "<r><a>x\xEF\xBF\xBD\xEF\xBF\xBD\t\xEF\xBF\xBD\xEF\xBF\xBD中</a></r>");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists_and_members), cmocka_unit_test(texts_are_escaped),
                                       cmocka_unit_test(what_xml_does_not_have_is_replaced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
