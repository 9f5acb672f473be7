-- console: pairs of characters without sorting them first, and without an expression for each: copying a clue costs a third.

CREATE OR REPLACE FUNCTION console.grams(searched text) RETURNS int4[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT COALESCE(array_agg(DISTINCT ((ascii(c)::int8 * 65599 + ascii(d)) % 2147483647)::int4), '{}')
    FROM (SELECT string_to_array(searched, NULL) AS characters) s, unnest(s.characters, s.characters[2:]) pairs(c, d)
    WHERE d IS NOT NULL AND ascii(c) > 32 AND ascii(d) > 32
$$;
