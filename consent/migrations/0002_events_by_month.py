"""Events by month: the table of events, made whole like any other, becomes partitions.

The functions make the partitions: they belong to the tables' owner, so that the application may
have a month made and may not change one.
"""

from django.db import migrations

# One partition gets what a partition does not inherit: a unique index, the triggers that stand on
# the whole table, and the right to be read for those who may read the whole.
FUNCTIONS = """
CREATE FUNCTION consent_guard_event_partition(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    one record;
BEGIN
    EXECUTE format(
        'CREATE UNIQUE INDEX IF NOT EXISTS %I ON public.%I (subject_id, purpose_id, revision)',
        name || '_once', name);
    FOR one IN
        SELECT t.tgname, p.proname, n.nspname
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
        JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE t.tgrelid = 'public.consent_consentevent'::regclass
          AND NOT t.tgisinternal AND (t.tgtype & 1) = 0 AND (t.tgtype & 32) = 32
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %I BEFORE TRUNCATE ON public.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION %I.%I()',
            one.tgname, name, one.nspname, one.proname);
    END LOOP;
    FOR one IN
        SELECT DISTINCT a.grantee::regrole::text AS role
        FROM pg_class c, aclexplode(c.relacl) a
        WHERE c.oid = 'public.consent_consentevent'::regclass
          AND a.privilege_type = 'SELECT' AND a.grantee NOT IN (0, c.relowner)
    LOOP
        EXECUTE format('GRANT SELECT ON public.%I TO %s', name, one.role);
    END LOOP;
END $$;

CREATE FUNCTION consent_attach_event_partition(name text, bounds text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    EXECUTE format('CREATE TABLE public.%I (LIKE public.consent_consentevent '
                   'INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE public.consent_consentevent ATTACH PARTITION public.%I %s',
                   name, bounds);
    PERFORM public.consent_guard_event_partition(name);
END $$;

-- Rows that found no month lie in the default partition: it becomes the months they need.
CREATE FUNCTION consent_adopt_default_events() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    first timestamptz;
    beyond timestamptz;
    name text;
BEGIN
    SELECT date_trunc('month', min(at), 'UTC'),
           date_trunc('month', max(at), 'UTC') + interval '1 month'
    INTO first, beyond FROM public.consent_consentevent_default;
    IF first IS NULL THEN RETURN; END IF;
    name := 'consent_consentevent_late_' || to_char(first AT TIME ZONE 'UTC', 'YYYY_MM');
    ALTER TABLE public.consent_consentevent
        DETACH PARTITION public.consent_consentevent_default;
    EXECUTE format('ALTER TABLE public.consent_consentevent_default RENAME TO %I', name);
    EXECUTE format('ALTER INDEX public.consent_consentevent_default_once RENAME TO %I',
                   name || '_once');
    EXECUTE format('ALTER TABLE public.consent_consentevent ATTACH PARTITION public.%I '
                   'FOR VALUES FROM (%L) TO (%L)', name, first, beyond);
    PERFORM public.consent_attach_event_partition('consent_consentevent_default', 'DEFAULT');
EXCEPTION WHEN invalid_object_definition THEN
    RAISE WARNING 'the default partition overlaps months that are there and stays as it is';
END $$;

CREATE FUNCTION consent_make_event_partitions(first date, last date) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    month date := date_trunc('month', first);
    made integer := 0;
    start timestamptz;
BEGIN
    IF last > first + 4000 THEN
        RAISE EXCEPTION 'partitions are made for ten years at most';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('consent event partitions', 0));
    PERFORM public.consent_adopt_default_events();
    WHILE month <= last LOOP
        start := month::timestamp AT TIME ZONE 'UTC';
        BEGIN
            IF to_regclass('public.consent_consentevent_' || to_char(month, 'YYYY_MM')) IS NULL THEN
                PERFORM public.consent_attach_event_partition(
                    'consent_consentevent_' || to_char(month, 'YYYY_MM'),
                    format('FOR VALUES FROM (%L) TO (%L)', start,
                           (month + interval '1 month')::timestamp AT TIME ZONE 'UTC'));
                made := made + 1;
            END IF;
        EXCEPTION WHEN invalid_object_definition THEN
            NULL;  -- a partition made of late rows covers this month
        END;
        month := month + interval '1 month';
    END LOOP;
    RETURN made;
END $$;

REVOKE EXECUTE ON FUNCTION consent_guard_event_partition(text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION consent_attach_event_partition(text, text) FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION consent_adopt_default_events() FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION consent_make_event_partitions(date, date) FROM PUBLIC;
"""
DROP_FUNCTIONS = """
DROP FUNCTION consent_make_event_partitions(date, date);
DROP FUNCTION consent_adopt_default_events();
DROP FUNCTION consent_attach_event_partition(text, text);
DROP FUNCTION consent_guard_event_partition(text);
"""

INTO_MONTHS = """
CREATE TEMPORARY TABLE consent_event_triggers ON COMMIT DROP AS
    SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS definition,
           obj_description(t.oid, 'pg_trigger') AS comment
    FROM pg_trigger t
    WHERE t.tgrelid = 'consent_consentevent'::regclass AND NOT t.tgisinternal;
ALTER TABLE consent_consentevent RENAME TO consent_consentevent_whole;
CREATE TABLE consent_consentevent (LIKE consent_consentevent_whole
    INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (at);
SELECT consent_attach_event_partition('consent_consentevent_default', 'DEFAULT');
SELECT consent_make_event_partitions(current_date, (current_date + interval '3 months')::date);
DROP TABLE consent_consentevent_whole;
ALTER TABLE consent_consentevent ADD PRIMARY KEY (id, at);
ALTER TABLE consent_consentevent ADD CONSTRAINT consent_event_subject FOREIGN KEY (subject_id)
    REFERENCES consent_datasubject (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE consent_consentevent ADD CONSTRAINT consent_event_purpose FOREIGN KEY (purpose_id)
    REFERENCES registry_purpose (id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX consent_event_by_time ON consent_consentevent (purpose_id, at);
CREATE INDEX consent_event_by_entry ON consent_consentevent (ledger_entry);
CREATE INDEX consent_event_age ON consent_consentevent USING brin (at);
DO $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM consent_event_triggers LOOP
        EXECUTE one.definition;
        IF one.comment IS NOT NULL THEN
            EXECUTE format('COMMENT ON TRIGGER %I ON consent_consentevent IS %L',
                           one.name, one.comment);
        END IF;
    END LOOP;
    FOR one IN SELECT inhrelid::regclass::text AS name FROM pg_inherits
               WHERE inhparent = 'consent_consentevent'::regclass LOOP
        PERFORM consent_guard_event_partition(one.name);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0001_initial")]

    operations = [
        migrations.RunSQL(FUNCTIONS, DROP_FUNCTIONS),
        migrations.RunSQL(INTO_MONTHS, migrations.RunSQL.noop),
    ]
