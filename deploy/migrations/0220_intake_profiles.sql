-- intake: mapping profiles that administrators change. The newest row of a name stands over the file of that name in the folder of profiles; a name
-- without a file is a profile of its own. Of the whole installation, as the files are. Nothing is changed or deleted: what an import was read by stays to be seen.

CREATE TABLE intake.profile_change (
    number     int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- in the order in which changes were committed
    name       text NOT NULL CHECK (name ~ '^[a-z0-9-]{1,63}$'),
    revision   int4 NOT NULL CHECK (revision > 0),            -- of the name, from 1
    document   text NOT NULL CHECK (octet_length(document) BETWEEN 1 AND 65535),
    changed_by text NOT NULL,                                 -- person code
    changed_at timestamptz NOT NULL DEFAULT now(),
    reason     text NOT NULL CHECK (reason <> ''),
    UNIQUE (name, revision)
);
GRANT SELECT, INSERT ON intake.profile_change TO wjz_intake;
GRANT SELECT ON intake.profile_change TO wjz_operator;

-- The last change that the run knows, taken when it begins: one that goes on after a restart reads all rows alike. NULL: not begun.
ALTER TABLE intake.import ADD COLUMN profiles_at int8;

CREATE VIEW console.profile AS
SELECT DISTINCT ON (c.name) c.name, c.revision, c.document, c.changed_by, c.changed_at, c.reason
FROM intake.profile_change c WHERE (SELECT console.setting('person')) IS NOT NULL ORDER BY c.name, c.revision DESC;
GRANT SELECT ON console.profile TO wjz_console;
