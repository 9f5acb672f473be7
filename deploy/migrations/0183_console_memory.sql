-- console: statistics over all clues are sorted in memory.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
                   WHERE r.rolname = 'wjz_console' AND s.setdatabase = 0 AND array_to_string(s.setconfig, ' ') ~ 'work_mem=') THEN
        ALTER ROLE wjz_console SET work_mem = '32MB';
    END IF;
END
$$;
