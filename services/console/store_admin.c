#include "console/store_admin.h"

const wjz_stmt BE_OPERATOR = {
    "console_be_operator",
    "SELECT console.be_operator()",
    1};
const wjz_stmt MAKE_ACCOUNT = {"console_account_make",
                               "INSERT INTO console.account (login, region, person, roles, password)"
                               " SELECT $1, n.region, n.code, $4::text[], $5 FROM console.person_name n WHERE n.code = "
                               "$3 AND ($2 = 0 OR n.region = $2) RETURNING login",
                               1};
const wjz_stmt SET_LOCKED = {"console_account_lock",
                             "UPDATE console.account SET locked_until = CASE WHEN $2 THEN 'infinity'::timestamptz END, "
                             "failures = 0, revision = revision + 1"
                             " WHERE login = $1 RETURNING login",
                             1};
const wjz_stmt RESET_PASSWORD = {
    "console_account_password",
    "UPDATE console.account SET password = $2, must_change = true, failures = 0, revision = revision + 1,"
    " locked_until = CASE WHEN locked_until = 'infinity' THEN locked_until END WHERE login = $1 RETURNING login",
    1};
const wjz_stmt RESET_TOTP = {"console_account_totp",
                             "UPDATE console.account SET totp = NULL, totp_offered = NULL, revision = revision + 1 "
                             "WHERE login = $1 RETURNING login",
                             1};
const wjz_stmt SET_ROLES = {"console_account_roles",
                            "WITH done AS (UPDATE console.account SET roles = $2, revision = revision + 1 WHERE login "
                            "= $1 AND revision::text = $3 RETURNING 1)"
                            " SELECT (SELECT count(*) FROM done)::int8 FROM console.account WHERE login = $1",
                            1};
const wjz_stmt END_SESSIONS = {"console_account_end", "DELETE FROM console.session WHERE login = $1", 0};
const wjz_stmt LIST_ACCOUNTS = {"console_accounts_all",
                                "SELECT a.login, a.region, a.person, n.name, '', array_to_string(a.roles, ','), "
                                "COALESCE(a.locked_until > now(), false), a.must_change,"
                                " a.totp IS NOT NULL, a.last_login_at FROM console.account a JOIN console.person_name "
                                "n ON n.region = a.region AND n.code = a.person ORDER BY a.login",
                                10};
