-- console: what the administrators of security and of the audit are told by themselves.

SET LOCAL search_path = console, public;

-- The heads of all lanes of the audit, once a day. Their hash goes to the audit administrators, outside this database: who rewrites the audit, heads and
-- anchors and all, cannot rewrite what they have been told.
CREATE TABLE audit_anchor (
    day    date PRIMARY KEY,                         -- in China
    heads  jsonb NOT NULL,                           -- [region, lane, number, hash], in this order
    digest text NOT NULL,
    at     timestamptz NOT NULL DEFAULT now()
);
CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchor FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION heads_digest(heads jsonb) RETURNS text LANGUAGE sql IMMUTABLE RETURN encode(sha256(convert_to(heads::text, 'UTF8')), 'hex');

-- Anchors the day, and says whom to tell of it that has not been told yet.
CREATE FUNCTION anchor_audit() RETURNS TABLE (region int4, recipient text, day text, digest text)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    today date := (now() AT TIME ZONE 'Asia/Shanghai')::date;
BEGIN
    IF NOT EXISTS (SELECT FROM console.audit_anchor a WHERE a.day = today) THEN
        INSERT INTO console.audit_anchor (day, heads, digest)
            SELECT today, h.heads, console.heads_digest(h.heads)
            FROM (SELECT jsonb_agg(jsonb_build_array(h.region, h.lane, h.number, encode(h.hash, 'hex')) ORDER BY h.region, h.lane) AS heads
                  FROM console.audit_head h) h WHERE h.heads IS NOT NULL
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN QUERY SELECT c.region, c.person, a.day::text, a.digest FROM console.audit_anchor a, console.account c
        WHERE a.day = today AND 'audit_administrator' = ANY (c.roles)
          AND NOT EXISTS (SELECT FROM notification.notice n WHERE n.region = c.region AND n.event = 'audit:' || a.day AND n.recipient = c.person);
END
$$;

-- Whether the audit still holds all that it held when this digest was told: 'whole'; 'unknown' when no anchor has it, or its heads do not give it any
-- more; 'broken' when rows that it names are gone or others.
CREATE FUNCTION audit_anchored(told text) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT COALESCE((
        SELECT CASE WHEN bool_and(EXISTS (SELECT FROM console.audit r WHERE r.region = (h->>0)::int4 AND r.lane = (h->>1)::int2 AND r.number = (h->>2)::int8
                                                                       AND encode(r.hash, 'hex') = h->>3)) THEN 'whole' ELSE 'broken' END
        FROM console.audit_anchor a, jsonb_array_elements(a.heads) h WHERE a.digest = told AND console.heads_digest(a.heads) = told
        HAVING count(*) > 0), 'unknown')
$$;

-- People who opened more records with personal data than so many within an hour, and the security administrators of their county.
CREATE FUNCTION unusual_views(most int4) RETURNS TABLE (region int4, recipient text, person text, views int8, hour text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT v.region, c.person, v.person, v.views, to_char(date_trunc('hour', now()), 'YYYY-MM-DD HH24')
    FROM (SELECT a.region, a.person, count(*) AS views FROM console.audit a
          WHERE a.at > now() - interval '1 hour' AND a.person <> '' AND a.result = 'done'
            AND a.event IN ('view_clue', 'view_complaints', 'view_attachment', 'view_repeats', 'view_plain', 'reveal_reporter', 'export')
          GROUP BY 1, 2 HAVING count(*) > most) v
    JOIN console.account c ON c.region = v.region AND 'security_administrator' = ANY (c.roles)
    WHERE NOT EXISTS (SELECT FROM notification.notice n WHERE n.region = c.region AND n.recipient = c.person
                      AND n.event = 'views:' || v.person || ':' || to_char(date_trunc('hour', now()), 'YYYY-MM-DD HH24'))
$$;

REVOKE EXECUTE ON FUNCTION heads_digest, anchor_audit, audit_anchored, unusual_views FROM PUBLIC;
GRANT EXECUTE ON FUNCTION anchor_audit, unusual_views, audit_anchored TO wjz_console;
GRANT EXECUTE ON FUNCTION audit_anchored TO wjz_operator;
