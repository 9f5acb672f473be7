-- bus: in which of its lives the server is. A table that is not logged is emptied by whatever may lose the end of the log — a crash,
-- the promotion of a standby, a restored backup — and kept by an orderly stop, which loses nothing. So as long as the number is the
-- same, everything that was ever seen committed is still there, also what did not wait for the disk.

CREATE UNLOGGED TABLE bus.era (
    one    boolean PRIMARY KEY DEFAULT true CHECK (one),
    number int8 NOT NULL
);

-- Never 0, and never twice the same. Who asks first after a crash begins the era. A database that is dropped and restored from a dump,
-- era and all, is in another era than before: its numbers are its own, too.
CREATE FUNCTION bus.current_era() RETURNS int8 LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
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
GRANT EXECUTE ON FUNCTION bus.current_era() TO PUBLIC;
