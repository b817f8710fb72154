"""A whole choice in one call: the person found or made and shared, then everything appended.

The caller's ideas of the registry, of the person's region and of the time are checked under the
lock; where one is wrong nothing is appended and the caller is told what holds. One function with
plain arguments, nothing computed twice: a choice is as few statements as it can be.
"""

from django.db import migrations

# HMAC-SHA256 (RFC 2104) under a key of 32 bytes, as hex; without the extension pgcrypto, which a
# small server may lack. The key's four words are joined to the pads one by one.
COMMITMENT = r"""
CREATE FUNCTION consent_commitment(salt bytea, pseudonym text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    inside CONSTANT bigint := x'3636363636363636'::bigint;
    outside CONSTANT bigint := x'5c5c5c5c5c5c5c5c'::bigint;
    words text := encode(salt, 'hex');
    a bigint := ('x' || substr(words, 1, 16))::bit(64)::bigint;
    b bigint := ('x' || substr(words, 17, 16))::bit(64)::bigint;
    c bigint := ('x' || substr(words, 33, 16))::bit(64)::bigint;
    d bigint := ('x' || substr(words, 49, 16))::bit(64)::bigint;
BEGIN
    IF length(salt) <> 32 THEN
        RAISE EXCEPTION 'a salt has 32 bytes';
    END IF;
    RETURN encode(sha256(
        int8send(a # outside) || int8send(b # outside) || int8send(c # outside)
        || int8send(d # outside) || decode(repeat('5c', 32), 'hex')
        || sha256(
            int8send(a # inside) || int8send(b # inside) || int8send(c # inside)
            || int8send(d # inside) || decode(repeat('36', 32), 'hex')
            || convert_to(pseudonym, 'UTF8'))), 'hex');
END $$;
"""

# Names one state of the purposes and their rules: a row that was written anew lies elsewhere or
# has another writer, so two states never share a stamp.
STAMP = """
CREATE FUNCTION consent_rules_stamp() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT count(*) || ':' || coalesce(sum(place), 0) FROM (
        SELECT hashtextextended(xmin::text || ctid::text, 1) FROM registry_purpose
        UNION ALL SELECT hashtextextended(xmin::text || ctid::text, 2) FROM registry_regionrule
    ) AS rows (place)
$$;
"""

# Everything that one draft writes. Makes or locks each head and moves it, in the caller's order so
# that two writers never wait for each other in a circle. A consent said before the last denial
# moves nothing, and ends the call with fewer rows than drafts; ties deny. A denial that arrives
# late never makes a head younger.
#
# What every draft shares stands beside the drafts; a draft's own word goes first. `lasts` is in
# seconds from the moment of the choice. `entry` stands for the id of the event only until the
# trigger of append-only tables gives it one: a default would be computed for nothing.
DRAFTS = """
    FOR d IN SELECT * FROM jsonb_to_recordset(drafts) AS said(
        head uuid, purpose uuid, key text, basis text, status text, valid boolean, method text,
        kind text, type text, region text, gpc boolean, notice text, at timestamptz, told text,
        lasts bigint, expires timestamptz, evidence text, clicks smallint, surface text,
        language text)
    LOOP
        decided := coalesce(d.at, moment);
        ends := least(d.expires, decided + d.lasts * interval '1 second');
        INSERT INTO consent_consentstate AS head
            (id, subject_id, purpose_id, revision, status, previous_status, decided_at,
             notice_version, gpc_at_choice, expires_at, updated_at)
        VALUES (d.head, who, d.purpose, 1, d.status, 'unknown', decided, d.notice,
                coalesce(d.gpc, known_gpc), ends, clock_timestamp())
        ON CONFLICT (subject_id, purpose_id) DO UPDATE SET
            revision = head.revision + 1,
            previous_status = head.status,
            status = excluded.status,
            decided_at = CASE WHEN d.valid THEN excluded.decided_at
                              ELSE greatest(head.decided_at, excluded.decided_at) END,
            notice_version = excluded.notice_version,
            gpc_at_choice = excluded.gpc_at_choice,
            expires_at = excluded.expires_at,
            updated_at = excluded.updated_at
        WHERE NOT (d.valid AND head.revision > 0 AND head.status NOT IN ('given', 'renewed')
                   AND excluded.decided_at <= head.decided_at)
        RETURNING head.revision, head.previous_status INTO event_revision, before;
        IF NOT FOUND THEN
            RETURN;
        END IF;
        entry := ledger_record(
            'consent.choice_recorded', 'consent', d.key, actor,
            jsonb_build_object(
                'purpose', d.key, 'status', d.status, 'method', d.method,
                'notice_version', d.notice, 'subject', commitment, 'revision', event_revision,
                'occurred_at', coalesce(d.told, to_char(
                    decided AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'))));
        INSERT INTO consent_consentevent
            (id, subject_id, purpose_id, revision, status, previous_status, method, actor_kind,
             type_key, region, gpc, notice_version, lawful_basis, occurred_at, expires_at,
             evidence_sha256, actor_reference, ledger_entry, clicks, surface, language)
        VALUES (entry, who, d.purpose, event_revision, d.status, before, d.method, d.kind,
                d.type, coalesce(d.region, known_region), coalesce(d.gpc, known_gpc), d.notice,
                d.basis, decided, ends, d.evidence, actor, entry, d.clicks, d.surface, d.language)
        RETURNING id, at INTO event_id, event_at;
        news := outbox_emit('ConsentChanged', jsonb_build_object(
            'subject_pseudonym', pseudonym, 'purpose_key', d.key, 'status', d.status,
            'revision', event_revision), subscribers);
        RETURN NEXT;
    END LOOP;
"""

APPEND = f"""
CREATE FUNCTION consent_append(who uuid, pseudonym text, commitment text, actor text,
                               subscribers text[], drafts jsonb)
RETURNS TABLE (event_id uuid, event_at timestamptz, event_revision integer, before text,
               entry uuid, decided timestamptz, ends timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    d record;
    news bigint;
    -- Each draft says itself when and where it was said.
    moment CONSTANT timestamptz := NULL;
    known_region CONSTANT text := '';
    known_gpc CONSTANT boolean := false;
BEGIN
{DRAFTS}
END $$;
"""

# `outcome`: done; unknown: no such person, and none may be made here; rules: the registry is not
# what the caller holds; again: the region or the moment is not what the caller thought; future:
# said at a time that has not come. Anything but done has appended nothing.
CHOOSE = f"""
CREATE FUNCTION consent_choose(
    stamp text, pseudonym text, key_id text, lookup bigint, suppression text, fresh uuid,
    fresh_salt bytea, said_at timestamptz, latest interval, said_region text, thought_region text,
    said_gpc boolean, since timestamptz, until timestamptz, actor text, subscribers text[],
    drafts jsonb)
RETURNS TABLE (outcome text, who uuid, known_lookup bigint, known_region text, known_gpc boolean,
               moment timestamptz, transaction bigint, event_id uuid, event_at timestamptz,
               event_revision integer, before text, entry uuid, decided timestamptz,
               ends timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    d record;
    news bigint;
    current_stamp text;
    salt bytea;
    commitment text;
BEGIN
    -- As consent_rules_stamp(), whose call would be planned anew in each transaction.
    SELECT count(*) || ':' || coalesce(sum(place), 0) INTO current_stamp FROM (
        SELECT hashtextextended(xmin::text || ctid::text, 1) FROM registry_purpose
        UNION ALL SELECT hashtextextended(xmin::text || ctid::text, 2) FROM registry_regionrule
    ) AS rows (place);
    IF stamp <> current_stamp THEN
        outcome := 'rules';
        RETURN NEXT;
        RETURN;
    END IF;
    FOR attempt IN 1..2 LOOP
        -- Writers share this lock; an erasure takes the whole row and waits for them.
        SELECT s.id, s.lookup, s.region, s.gpc, t.salt
        INTO who, known_lookup, known_region, known_gpc, salt
        FROM consent_datasubject s JOIN consent_subjectsalt t ON t.subject_id = s.id
        WHERE s.pseudonym = consent_choose.pseudonym AND s.erased_at IS NULL FOR KEY SHARE OF s;
        EXIT WHEN FOUND OR fresh IS NULL OR attempt = 2;
        -- Made and erased one after the other: nobody is known and suppressed at once.
        PERFORM pg_advisory_xact_lock(('x' || left(pseudonym, 16))::bit(64)::bigint);
        INSERT INTO consent_datasubject
            (id, pseudonym, key_id, lookup, region, age_band, gpc, untold, updated_at)
        SELECT fresh, consent_choose.pseudonym, consent_choose.key_id, consent_choose.lookup,
               coalesce(said_region, ''), 'unknown', said_gpc, '[]', clock_timestamp()
        WHERE NOT EXISTS (SELECT FROM consent_suppression g WHERE g.fingerprint = suppression)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            who := fresh;
            known_lookup := lookup;
            known_region := coalesce(said_region, '');
            known_gpc := said_gpc;
            salt := fresh_salt;
            INSERT INTO consent_subjectsalt (subject_id, salt) VALUES (who, fresh_salt);
            EXIT;
        END IF;
    END LOOP;
    transaction := pg_current_xact_id()::text::bigint;
    moment := clock_timestamp();
    outcome := CASE
        WHEN who IS NULL OR known_lookup IS NULL THEN 'unknown'
        WHEN said_at > moment + latest THEN 'future'
        WHEN said_region IS NULL AND known_region <> thought_region THEN 'again'
        WHEN coalesce(said_at, moment) < since OR coalesce(said_at, moment) >= until THEN 'again'
        ELSE 'done' END;
    IF outcome <> 'done' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    moment := coalesce(said_at, moment);
    -- The signal is kept for the known person; its absence later is no consent.
    IF coalesce(said_region, known_region) <> known_region OR (said_gpc AND NOT known_gpc) THEN
        known_region := coalesce(said_region, known_region);
        known_gpc := known_gpc OR said_gpc;
        UPDATE consent_datasubject SET region = known_region, gpc = known_gpc WHERE id = who;
    END IF;
    commitment := consent_commitment(salt, pseudonym);
{DRAFTS}
END $$;
"""

DROP_CHOOSE = """
DROP FUNCTION consent_choose(text, text, text, bigint, text, uuid, bytea, timestamptz, interval,
    text, text, boolean, timestamptz, timestamptz, text, text[], jsonb);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0003_feed_of_changes"),
        ("ledger", "0002_functions"),
        ("outbox", "0002_functions"),
    ]

    operations = [
        migrations.RunSQL(COMMITMENT, "DROP FUNCTION consent_commitment(bytea, text)"),
        migrations.RunSQL(STAMP, "DROP FUNCTION consent_rules_stamp()"),
        migrations.RunSQL(
            APPEND, "DROP FUNCTION consent_append(uuid, text, text, text, text[], jsonb)"
        ),
        migrations.RunSQL(CHOOSE, DROP_CHOOSE),
    ]
