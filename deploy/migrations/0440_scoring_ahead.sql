-- scoring: a turn that has been worked out before it had the region's lock fails as a whole, to be tried again, where it finds that the region
-- is not as it had been taken to be.

SET LOCAL search_path = scoring, public;

CREATE FUNCTION again(what text) RETURNS int4 LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION '% is not as it was', what USING ERRCODE = 'serialization_failure';
END
$$;
REVOKE ALL ON FUNCTION again(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION again(text) TO wjz_scoring;
