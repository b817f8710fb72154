"""A whole choice in one call: the person found or made and shared, then everything appended.

The caller's ideas of the registry, of the person's region and of the time are checked under the
lock; where one is wrong nothing is appended and the caller is told what holds.
"""

from importlib import import_module

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

# What every draft shares stands beside the drafts; a draft's own word goes first. `lasts` is in
# seconds from the moment of the choice.
APPEND = """
DROP FUNCTION consent_append(uuid, text, text, text, text[], jsonb);
CREATE FUNCTION consent_append(who uuid, pseudonym text, commitment text, actor text,
                               subscribers text[], said_at timestamptz, said_region text,
                               said_gpc boolean, drafts jsonb)
RETURNS TABLE (place integer, event_id uuid, event_at timestamptz, event_revision integer,
               before text, entry uuid, decided timestamptz, ends timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    d record;
    moved record;
BEGIN
    place := 0;
    FOR d IN SELECT said.*, coalesce(said.gpc, said_gpc) AS signal,
                    coalesce(said.region, said_region) AS place_of
        FROM jsonb_to_recordset(drafts) AS said(
        head uuid, purpose uuid, key text, basis text, status text, valid boolean, method text,
        kind text, type text, region text, gpc boolean, notice text, at timestamptz, told text,
        lasts bigint, expires timestamptz, evidence text, clicks smallint, surface text,
        language text)
    LOOP
        decided := coalesce(d.at, said_at);
        ends := least(d.expires, decided + d.lasts * interval '1 second');
        INSERT INTO consent_consentstate AS head
            (id, subject_id, purpose_id, revision, status, previous_status, decided_at,
             notice_version, gpc_at_choice, expires_at, updated_at)
        VALUES (d.head, who, d.purpose, 1, d.status, 'unknown', decided, d.notice, d.signal, ends,
                clock_timestamp())
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
        RETURNING head.revision, head.previous_status INTO moved;
        IF NOT FOUND THEN RETURN; END IF;
        place := place + 1;
        event_revision := moved.revision;
        before := moved.previous_status;
        entry := ledger_record(
            'consent.choice_recorded', 'consent', d.key, actor,
            jsonb_build_object(
                'purpose', d.key, 'status', d.status, 'method', d.method,
                'notice_version', d.notice, 'subject', commitment, 'revision', moved.revision,
                'occurred_at', coalesce(d.told, to_char(
                    decided AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"'))));
        INSERT INTO consent_consentevent
            (subject_id, purpose_id, revision, status, previous_status, method, actor_kind,
             type_key, region, gpc, notice_version, lawful_basis, occurred_at, expires_at,
             evidence_sha256, actor_reference, ledger_entry, clicks, surface, language)
        VALUES (who, d.purpose, moved.revision, d.status, moved.previous_status, d.method, d.kind,
                d.type, d.place_of, d.signal, d.notice, d.basis, decided, ends,
                d.evidence, actor, entry, d.clicks, d.surface, d.language)
        RETURNING id, at INTO event_id, event_at;
        PERFORM outbox_emit('ConsentChanged', jsonb_build_object(
            'subject_pseudonym', pseudonym, 'purpose_key', d.key, 'status', d.status,
            'revision', moved.revision), subscribers);
        RETURN NEXT;
    END LOOP;
END $$;
"""

# `outcome`: done; unknown: no such person, and none may be made here; rules: the registry is not
# what the caller holds; again: the region or the moment is not what the caller thought; future:
# said at a time that has not come. Anything but done has appended nothing.
CHOOSE = """
CREATE FUNCTION consent_choose(stamp text, names jsonb, act jsonb, actor text, subscribers text[],
                               drafts jsonb)
RETURNS TABLE (outcome text, who uuid, known_lookup bigint, known_region text, known_gpc boolean,
               moment timestamptz, transaction bigint, event_id uuid, event_at timestamptz,
               event_revision integer, before text, entry uuid, decided timestamptz,
               ends timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    n record;
    a record;
    salt bytea;
    made boolean := false;
    pseudonym text;
BEGIN
    IF stamp <> consent_rules_stamp() THEN
        outcome := 'rules';
        RETURN NEXT;
        RETURN;
    END IF;
    SELECT * INTO n FROM jsonb_to_record(names) AS named(
        pseudonym text, key_id text, lookup bigint, suppression text, fresh uuid, salt text);
    SELECT * INTO a FROM jsonb_to_record(act) AS acted(
        at timestamptz, latest interval, region text, thought text, gpc boolean,
        since timestamptz, until timestamptz);
    pseudonym := n.pseudonym;
    FOR attempt IN 1..2 LOOP
        -- Writers share this lock; an erasure takes the whole row and waits for them.
        SELECT s.id, s.lookup, s.region, s.gpc, t.salt
        INTO who, known_lookup, known_region, known_gpc, salt
        FROM consent_datasubject s JOIN consent_subjectsalt t ON t.subject_id = s.id
        WHERE s.pseudonym = n.pseudonym AND s.erased_at IS NULL FOR KEY SHARE OF s;
        EXIT WHEN FOUND OR n.fresh IS NULL OR attempt = 2;
        -- Made and erased one after the other: nobody is known and suppressed at once.
        PERFORM pg_advisory_xact_lock(('x' || left(n.pseudonym, 16))::bit(64)::bigint);
        INSERT INTO consent_datasubject
            (id, pseudonym, key_id, lookup, region, age_band, gpc, untold, updated_at)
        SELECT n.fresh, n.pseudonym, n.key_id, n.lookup, coalesce(a.region, ''), 'unknown', a.gpc,
               '[]', clock_timestamp()
        WHERE NOT EXISTS (SELECT FROM consent_suppression g WHERE g.fingerprint = n.suppression)
        ON CONFLICT DO NOTHING;
        IF FOUND THEN
            who := n.fresh;
            known_lookup := n.lookup;
            known_region := coalesce(a.region, '');
            known_gpc := a.gpc;
            salt := decode(n.salt, 'hex');
            INSERT INTO consent_subjectsalt (subject_id, salt) VALUES (who, salt);
            EXIT;
        END IF;
    END LOOP;
    transaction := pg_current_xact_id()::text::bigint;
    moment := clock_timestamp();
    outcome := CASE
        WHEN who IS NULL OR known_lookup IS NULL THEN 'unknown'
        WHEN a.at > moment + a.latest THEN 'future'
        WHEN a.region IS NULL AND known_region <> a.thought THEN 'again'
        WHEN coalesce(a.at, moment) < a.since OR coalesce(a.at, moment) >= a.until THEN 'again'
        ELSE 'done' END;
    IF outcome <> 'done' THEN
        RETURN NEXT;
        RETURN;
    END IF;
    -- The signal is kept for the known person; its absence later is no consent.
    IF coalesce(a.region, known_region) <> known_region OR (a.gpc AND NOT known_gpc) THEN
        known_region := coalesce(a.region, known_region);
        known_gpc := known_gpc OR a.gpc;
        UPDATE consent_datasubject SET region = known_region, gpc = known_gpc WHERE id = who;
    END IF;
    FOR event_id, event_at, event_revision, before, entry, decided, ends IN
        SELECT e.event_id, e.event_at, e.event_revision, e.before, e.entry, e.decided, e.ends
        FROM consent_append(who, pseudonym, consent_commitment(salt, pseudonym), actor,
                            subscribers, coalesce(a.at, moment), known_region, known_gpc,
                            drafts) AS e
    LOOP
        RETURN NEXT;
    END LOOP;
END $$;
"""

DROP_APPEND = """
DROP FUNCTION consent_append(uuid, text, text, text, text[], timestamptz, text, boolean, jsonb);
"""
FORMER = import_module("consent.migrations.0005_append_function")


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0010_decision_samples"),
        ("registry", "0004_mechanisms_become_rules"),
    ]
    operations = [
        migrations.RunSQL(COMMITMENT, "DROP FUNCTION consent_commitment(bytea, text)"),
        migrations.RunSQL(STAMP, "DROP FUNCTION consent_rules_stamp()"),
        migrations.RunSQL(APPEND, DROP_APPEND + FORMER.APPEND),
        migrations.RunSQL(
            CHOOSE, "DROP FUNCTION consent_choose(text, jsonb, jsonb, text, text[], jsonb)"
        ),
    ]
