-- console: photos of complaints, for those who see the complaint. Only renditions: never the photo as it came. In plpgsql, which asks for intake's tables
-- (0150) only when it runs.

CREATE FUNCTION console.attachments(the_region int4, the_complaint int8) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT COALESCE(jsonb_agg(jsonb_build_object('id', encode(a.hash, 'hex'), 'media_type', 'image/jpeg', 'width', r.width, 'height', r.height,
                                                         'bytes', length(r.data), 'taken_at', a.taken_at) ORDER BY c.ordinal), '[]')
            FROM console.complaint_clue k
            JOIN intake.complaint_attachment c ON c.region = k.region AND c.complaint = k.complaint
            JOIN intake.attachment a ON a.region = c.region AND a.hash = c.hash
            JOIN intake.rendition r ON r.region = c.region AND r.hash = c.hash AND r.kind = 'display'
            WHERE k.region = the_region AND k.complaint = the_complaint);
END
$$;

CREATE FUNCTION console.rendition(the_hash bytea, the_kind text) RETURNS bytea LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN (SELECT r.data
            FROM unnest(console.regions()) g(region)
            JOIN intake.complaint_attachment c ON c.region = g.region AND c.hash = the_hash
            JOIN console.complaint_clue k ON k.region = c.region AND k.complaint = c.complaint
            JOIN intake.rendition r ON r.region = c.region AND r.hash = c.hash AND r.kind = the_kind
            LIMIT 1);
END
$$;

REVOKE EXECUTE ON FUNCTION console.attachments, console.rendition FROM PUBLIC;
GRANT EXECUTE ON FUNCTION console.attachments, console.rendition TO wjz_console;
