"""One call a choice: heads, ledger, events and news of one person, in the order of the drafts."""

from django.db import migrations

# Makes or locks each head and moves it, in the caller's order so that two writers never wait for
# each other in a circle. A consent said before the last denial moves nothing, and ends the call
# with fewer rows than drafts; ties deny. A denial that arrives late never makes a head younger.
APPEND = """
CREATE FUNCTION consent_append(who uuid, pseudonym text, commitment text, actor text,
                               subscribers text[], drafts jsonb)
RETURNS TABLE (place integer, event_id uuid, event_at timestamptz, event_revision integer,
               before text, entry uuid)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    d record;
    moved record;
BEGIN
    place := 0;
    FOR d IN SELECT * FROM jsonb_to_recordset(drafts) AS said(
        head uuid, purpose uuid, key text, basis text, status text, valid boolean, method text,
        kind text, type text, region text, gpc boolean, notice text, at timestamptz,
        expires timestamptz, evidence text, clicks smallint, surface text, language text,
        facts jsonb)
    LOOP
        INSERT INTO consent_consentstate AS head
            (id, subject_id, purpose_id, revision, status, previous_status, decided_at,
             notice_version, gpc_at_choice, expires_at, updated_at)
        VALUES (d.head, who, d.purpose, 1, d.status, 'unknown', d.at, d.notice, d.gpc, d.expires,
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
            d.facts || jsonb_build_object('subject', commitment, 'revision', moved.revision));
        INSERT INTO consent_consentevent
            (subject_id, purpose_id, revision, status, previous_status, method, actor_kind,
             type_key, region, gpc, notice_version, lawful_basis, occurred_at, expires_at,
             evidence_sha256, actor_reference, ledger_entry, clicks, surface, language)
        VALUES (who, d.purpose, moved.revision, d.status, moved.previous_status, d.method, d.kind,
                d.type, d.region, d.gpc, d.notice, d.basis, d.at, d.expires,
                d.evidence, actor, entry, d.clicks, d.surface, d.language)
        RETURNING id, at INTO event_id, event_at;
        PERFORM outbox_emit('ConsentChanged', jsonb_build_object(
            'subject_pseudonym', pseudonym, 'purpose_key', d.key, 'status', d.status,
            'revision', moved.revision), subscribers);
        RETURN NEXT;
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("consent", "0004_interests_and_complaints"),
        ("ledger", "0002_record_function"),
        ("outbox", "0002_emit_function"),
    ]
    operations = [
        migrations.RunSQL(
            APPEND, "DROP FUNCTION consent_append(uuid, text, text, text, text[], jsonb)"
        )
    ]
