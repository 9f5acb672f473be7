/* Values against schemas. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "console/document.h"
#include "console/schema.h"

static const struct {
    const char *schema, *value;
    const char *field; /* at fault; NULL: none */
} CASES[] = {
    {"{'type':'string'}", "'a'", NULL},
    {"{'type':'string'}", "1", ""},
    {"{'type':['string','null']}", "null", NULL},
    {"{'type':['string','null']}", "true", ""},
    {"{'type':'integer'}", "1.5", ""},
    {"{'type':'number'}", "1.5", NULL},
    {"{'type':'string','minLength':2,'maxLength':3}", "'检察'", NULL},
    {"{'type':'string','minLength':2}", "'检'", ""},
    {"{'type':'string','maxLength':3}", "'检察院院'", ""},
    {"{'type':'string','pattern':'^[0-9]{1,19}$'}", "'12'", NULL},
    {"{'type':'string','pattern':'^[0-9]{1,19}$'}", "'12 OR 1'", ""},
    {"{'type':'string','enum':['a','b']}", "'b'", NULL},
    {"{'type':'string','enum':['a','b']}", "'c'", ""},
    {"{'type':'string','format':'date'}", "'2026-02-28'", NULL},
    {"{'type':'string','format':'date'}", "'2026-02-30'", ""},
    {"{'type':'string','format':'date'}", "'2026-2-3'", ""},
    {"{'type':'string','format':'date-time'}", "'2026-02-28T09:00:00+08:00'", NULL},
    {"{'type':'string','format':'date-time'}", "'yesterday'", ""},
    {"{'type':'integer','minimum':1,'maximum':5}", "5", NULL},
    {"{'type':'integer','minimum':1,'maximum':5}", "6", ""},
    {"{'type':'array','items':{'type':'integer'},'minItems':1,'maxItems':2}", "[1,2]", NULL},
    {"{'type':'array','items':{'type':'integer'},'minItems':1}", "[]", ""},
    {"{'type':'array','items':{'type':'integer'},'maxItems':2}", "[1,2,3]", ""},
    {"{'type':'array','items':{'type':'integer'}}", "[1,'x']", "[1]"},
    {"{'type':'object','required':['a'],'properties':{'a':{'type':'string'}},'additionalProperties':false}",
     "{'a':'x'}", NULL},
    {"{'type':'object','required':['a'],'properties':{'a':{'type':'string'}}}", "{}", ""},
    {"{'type':'object','properties':{'a':{'type':'string'}},'additionalProperties':false}", "{'b':1}", ""},
    {"{'type':'object','properties':{'a':{'type':'object','properties':{'b':{'type':'string'}}}}}", "{'a':{'b':1}}",
     "a.b"},
    {"{'type':'object','additionalProperties':{'type':'string'}}", "{'x':1}", "x"},
    {"{'type':'object','maxProperties':1}", "{'x':1,'y':2}", ""},
    {"{'$ref':'#/d/id'}", "'7'", NULL},
    {"{'$ref':'#/d/id'}", "'x'", ""},
    {"{'$ref':'#/d/nothing'}", "'x'", ""},
    {"{'$ref':'#/d/loop'}", "'x'", ""},
    {"{'oneOf':[{'$ref':'#/d/id'},{'type':'null'}]}", "null", NULL},
    {"{'oneOf':[{'$ref':'#/d/id'},{'type':'null'}]}", "'x'", ""},
};

static json_t *parse(const char *text) {
    char with[400];
    snprintf(with, sizeof with, "%s", text);
    for (char *at = with; *at; at++)
        if (*at == '\'') *at = '"';
    json_t *value = json_loads(with, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    return value;
}

static void says_what_is_at_fault(WJZ_UNUSED void **state) {
    json_t *root = parse("{'d':{'id':{'type':'string','pattern':'^[0-9]+$'},'loop':{'$ref':'#/d/loop'}}}");
    for (size_t i = 0; i < WJZ_COUNT(CASES); i++) {
        json_t *schema = parse(CASES[i].schema), *value = parse(CASES[i].value);
        schema_fault fault = {0};
        int r = schema_check(root, schema, value, &fault);
        if ((r == 0) != !CASES[i].field)
            fail_msg("case %zu: %s against %s: %d %s", i, CASES[i].value, CASES[i].schema, r, fault.detail);
        if (CASES[i].field) {
            assert_string_equal(fault.field, CASES[i].field);
            assert_true(fault.detail[0] != '\0');
        }
        json_decref(schema);
        json_decref(value);
    }
    json_decref(root);
}

static void takes_texts_as_what_they_should_be(WJZ_UNUSED void **state) {
    json_t *integer = parse("{'type':'integer'}"), *boolean = parse("{'type':'boolean'}");
    json_t *made = schema_take_text(integer, "-17");
    assert_int_equal(json_integer_value(made), -17);
    json_decref(made);
    static const char *const wrong[] = {"", "x", "1x", " 1", "0x10", "99999999999999999999", "1.5"};
    for (size_t i = 0; i < WJZ_COUNT(wrong); i++)
        assert_null(schema_take_text(integer, wrong[i]));
    assert_true(json_is_true(schema_take_text(boolean, "true")));
    assert_null(schema_take_text(boolean, "yes"));
    json_decref(integer);
    json_decref(boolean);
}

static void the_document_can_be_read(WJZ_UNUSED void **state) {
    document *d = NULL;
    wjz_err err = {0};
    assert_int_equal(document_new(&d, &err), 0);
    const operation *login = document_find(d, "logIn"), *accept = document_find(d, "acceptAssignment");
    assert_string_equal(login->path, "/api/v1/session");
    assert_true(login->open && login->body && !login->conditional);
    assert_true(!accept->open && accept->conditional && accept->repeatable);
    assert_null(document_find(d, "nothing"));
    json_t *body = parse("{'login':'a','password':'b','more':1}");
    schema_fault fault;
    assert_int_equal(document_check_body(d, login, body, &fault), -EINVAL);
    json_object_del(body, "more");
    assert_int_equal(document_check_body(d, login, body, &fault), 0);
    json_decref(body);
    document_destroy(&d);
    document_destroy(&d);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_at_fault),
        cmocka_unit_test(takes_texts_as_what_they_should_be),
        cmocka_unit_test(the_document_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
