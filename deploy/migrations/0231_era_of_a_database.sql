-- bus: a database that is dropped and restored from a dump, era and all, is in another era than before: its numbers are its own, too.
CREATE OR REPLACE FUNCTION bus.current_era() RETURNS int8 LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found int8 := (SELECT number FROM bus.era);
BEGIN
    IF found IS NULL THEN
        INSERT INTO bus.era (number)
            VALUES (('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::int8 + (1::int8 << 48)) ON CONFLICT DO NOTHING;
        found := (SELECT number FROM bus.era);
    END IF;
    RETURN found + (((SELECT oid FROM pg_database WHERE datname = current_database())::int8 % 8192) << 50);
END
$$;
