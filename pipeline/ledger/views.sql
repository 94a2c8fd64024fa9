-- Views over the Parquet tables of a ledger. Run in the folder that holds them: duckdb -init views.sql

CREATE OR REPLACE VIEW claims AS SELECT * FROM 'claims.parquet';
CREATE OR REPLACE VIEW assertions AS SELECT * FROM 'assertions.parquet';
CREATE OR REPLACE VIEW links AS SELECT * FROM 'links.parquet';
CREATE OR REPLACE VIEW history AS SELECT * FROM 'history.parquet';

-- What stands at each site or company today: facts that no later fact updated.
CREATE OR REPLACE VIEW confirmed AS
SELECT subject, metric, value, relation, vague, measure, confirmed_since, last_seen, sources, corroborated, assertion_id
FROM assertions AS a
WHERE phase = 'actual' AND label = 'confirmed'
  AND NOT EXISTS (SELECT 1 FROM links WHERE target = a.assertion_id AND rule IN ('update.grew', 'update.fell', 'supersede.ended'));

-- Promises that nothing has kept, replaced or ended, the nearest deadline first.
CREATE OR REPLACE VIEW open_promises AS
SELECT subject, owner, metric, value, relation, vague, measure, due_end, first_seen, sources, assertion_id
FROM assertions
WHERE phase = 'planned' AND status = 'open'
ORDER BY due_end NULLS LAST;

-- Every deadline that moved, with the two assertions and the days.
CREATE OR REPLACE VIEW slips AS
SELECT new.subject, new.metric, old.due_end AS was_due, new.due_end AS now_due, days, new.first_seen AS told, source, target
FROM links JOIN assertions AS new ON new.assertion_id = source JOIN assertions AS old ON old.assertion_id = target
WHERE rule IN ('supersede.slipped', 'supersede.pulled_forward');

-- Who supplies whom: a row for each supplier and customer of each deal that stands.
CREATE OR REPLACE VIEW supplies AS
WITH sides AS (
  SELECT assertion_id, first_seen, sources, unnest(from_json(parties, '["JSON"]')) AS side
  FROM assertions WHERE kind = 'agreement' AND phase = 'actual' AND status <> 'superseded'
)
SELECT s.side ->> 2 AS supplier, c.side ->> 2 AS customer, s.first_seen, s.sources, assertion_id
FROM sides AS s JOIN sides AS c USING (assertion_id)
WHERE (s.side ->> 0) IN ('supplier', 'utility') AND (c.side ->> 0) = 'customer';

-- The passages behind an assertion.
CREATE OR REPLACE VIEW evidence AS
SELECT a.assertion_id, c.claim_id, c.document_url, c.document_published, e ->> 'text' AS passage
FROM (SELECT assertion_id, unnest(from_json(claims, '["VARCHAR"]')) AS claim_id FROM assertions) AS a
JOIN (SELECT claim_id, document_url, document_published, unnest(from_json(evidence, '["JSON"]')) AS e FROM claims) AS c
  USING (claim_id);
