"""The hand-written SQL of a decision: registry, notices and one or many people. Read only.

Every statement takes named parameters and runs on any DB-API cursor, Django's included.
"""

from __future__ import annotations

# One round trip for the whole registry part. %(systems)s and %(purposes)s are text arrays of the
# keys asked about, or NULL for all; the purposes of the systems asked about come with them.
CATALOGUE = """
WITH holds AS (
    SELECT id, system_id, surface_id, purpose_id, version_id,
           json_build_object('id', id, 'effect', effect, 'cause', cause,
                             'incident', incident_reference) AS hold
    FROM registry_hold WHERE released_at IS NULL
),
on_device AS (
    SELECT vf.modelversion_id FROM registry_modelversion_features vf
    JOIN registry_feature f ON f.id = vf.feature_id WHERE f.technique = 'on_device'
),
wanted AS (
    SELECT s.id, s.key, s.on_pause, s.serving_version_id, s.fallback_version_id
    FROM registry_system s
    WHERE %(systems)s::text[] IS NULL OR s.key = ANY(%(systems)s::text[])
),
placed AS (
    SELECT ss.system_id, u.id, u.key, u.kind FROM registry_system_surfaces ss
    JOIN wanted w ON w.id = ss.system_id JOIN registry_surface u ON u.id = ss.surface_id
),
needed AS (
    SELECT p.* FROM registry_purpose p
    WHERE %(purposes)s::text[] IS NULL OR p.key = ANY(%(purposes)s::text[])
       OR p.id IN (SELECT sp.purpose_id FROM registry_system_purposes sp
                   JOIN wanted w ON w.id = sp.system_id)
       OR p.id IN (SELECT up.purpose_id FROM registry_surface_purposes up
                   JOIN placed l ON l.id = up.surface_id)
)
SELECT json_build_object(
  'now', clock_timestamp(),
  'purposes', (SELECT coalesce(json_agg(json_build_object(
      'key', p.key, 'lawful_basis', p.lawful_basis, 'device', p.needs_device_access,
      'dpv_iri', p.dpv_iri, 'use', p.fideslang_use,
      'gpc_covers', p.gpc_covers, 'state', p.state, 'ttl', p.default_ttl_days,
      'rules', (SELECT coalesce(json_agg(json_build_object(
                    'region', r.region, 'regime', r.regime, 'max_age_days', r.max_age_days,
                    'from', lower(r.valid), 'until', upper(r.valid))
                    ORDER BY r.region, r.valid), '[]')
                FROM registry_regionrule r WHERE r.purpose_id = p.id
                 AND (upper_inf(r.valid) OR upper(r.valid) > clock_timestamp())),
      'age_rules', (SELECT coalesce(json_agg(json_build_object(
                    'type', t.key, 'region', a.region, 'minimum_age', a.minimum_age,
                    'unknown_age', a.unknown_age, 'from', lower(a.valid), 'until', upper(a.valid))
                    ORDER BY t.key, a.region, a.valid), '[]')
                FROM registry_personalizationtype_purposes tp
                JOIN registry_personalizationtype t ON t.id = tp.personalizationtype_id
                JOIN registry_agerule a ON a.type_id = t.id
                WHERE tp.purpose_id = p.id
                 AND (upper_inf(a.valid) OR upper(a.valid) > clock_timestamp())),
      'on_device', EXISTS(SELECT 1 FROM registry_feature_allowed_purposes fp
                          JOIN registry_feature f ON f.id = fp.feature_id
                          WHERE fp.purpose_id = p.id AND f.technique = 'on_device'),
      'types', (SELECT coalesce(json_agg(t.key ORDER BY t.key), '[]')
                FROM registry_personalizationtype_purposes tp
                JOIN registry_personalizationtype t ON t.id = tp.personalizationtype_id
                WHERE tp.purpose_id = p.id),
      'holds', (SELECT coalesce(json_agg(h.hold ORDER BY h.id), '[]')
                FROM holds h WHERE h.purpose_id = p.id)) ORDER BY p.key), '[]')
      FROM needed p),
  'systems', (SELECT coalesce(json_agg(json_build_object(
      'key', w.key, 'on_pause', w.on_pause,
      'serving', (SELECT json_build_object('key', v.key, 'state', v.state,
                      'on_device', v.id IN (SELECT modelversion_id FROM on_device), 'holds',
                      (SELECT coalesce(json_agg(h.hold ORDER BY h.id), '[]') FROM holds h
                       WHERE h.version_id = v.id))
                  FROM registry_modelversion v WHERE v.id = w.serving_version_id),
      'fallback', (SELECT json_build_object('key', v.key, 'state', v.state,
                      'on_device', v.id IN (SELECT modelversion_id FROM on_device), 'holds',
                      (SELECT coalesce(json_agg(h.hold ORDER BY h.id), '[]') FROM holds h
                       WHERE h.version_id = v.id))
                   FROM registry_modelversion v WHERE v.id = w.fallback_version_id),
      'purposes', (SELECT coalesce(json_agg(p.key ORDER BY p.key), '[]')
                   FROM registry_system_purposes sp JOIN registry_purpose p ON p.id = sp.purpose_id
                   WHERE sp.system_id = w.id),
      'surfaces', (SELECT coalesce(json_agg(json_build_object('key', l.key, 'kind', l.kind,
                      'purposes', (SELECT coalesce(json_agg(p.key ORDER BY p.key), '[]')
                                   FROM registry_surface_purposes up
                                   JOIN registry_purpose p ON p.id = up.purpose_id
                                   WHERE up.surface_id = l.id),
                      'holds', (SELECT coalesce(json_agg(h.hold ORDER BY h.id), '[]')
                                FROM holds h WHERE h.surface_id = l.id)) ORDER BY l.key), '[]')
                   FROM placed l WHERE l.system_id = w.id),
      'holds', (SELECT coalesce(json_agg(h.hold ORDER BY h.id), '[]') FROM holds h
                WHERE h.system_id = w.id)) ORDER BY w.key), '[]')
      FROM wanted w),
  'notices', (SELECT coalesce(json_agg(json_build_object(
      'key', n.key, 'material', n.material, 'published_at', n.published_at,
      'purposes', (SELECT coalesce(json_agg(p.key ORDER BY p.key), '[]')
                   FROM consent_noticepurpose np JOIN needed p ON p.id = np.purpose_id
                   WHERE np.version_id = n.id))
      ORDER BY n.published_at DESC), '[]') FROM consent_noticeversion n
      WHERE n.published_at <= clock_timestamp())
)::text
"""

# Known, suppressed and unknown people, in the order asked for.
PEOPLE = """
SELECT asked.pseudonym, s.region, s.age_band, s.gpc, s.restricted_at IS NOT NULL,
       gone.id IS NOT NULL,
       (SELECT json_agg(json_build_object(
            'purpose', p.key, 'status', c.status, 'revision', c.revision,
            'decided_at', c.decided_at, 'notice_version', c.notice_version,
            'gpc', c.gpc_at_choice, 'expires_at', c.expires_at))
        FROM consent_consentstate c JOIN registry_purpose p ON p.id = c.purpose_id
        WHERE c.subject_id = s.id AND c.revision > 0
          AND (%(purposes)s::text[] IS NULL OR p.key = ANY(%(purposes)s::text[])))::text
FROM unnest(%(pseudonyms)s::text[], %(fingerprints)s::text[]) WITH ORDINALITY
     AS asked(pseudonym, fingerprint, place)
LEFT JOIN consent_datasubject s ON s.pseudonym = asked.pseudonym
LEFT JOIN consent_suppression gone ON gone.fingerprint = asked.fingerprint
ORDER BY asked.place
"""

# Every transaction below the snapshot's xmin is seen by every later snapshot of this server.
AS_OF_NOW = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1"

HAS_SEEN = """
SELECT %(transaction)s::text::xid8 = pg_current_xact_id_if_assigned() IS TRUE
    OR pg_visible_in_snapshot(%(transaction)s::text::xid8, pg_current_snapshot())
"""

API_KEY = """
SELECT secret_hash, scopes, system_keys FROM people_apikey
WHERE prefix = %(prefix)s AND revoked_at IS NULL AND expires_at > clock_timestamp()
"""
