// The derived tables, as SQL that also documents them for whoever opens the file with tools of their own.
#pragma once

namespace cairn {

// Changes with every change of the tables below or of what PrepareRecord puts into them; a file made with another
// version is derived anew.
inline constexpr int kDerivedVersion = 2;

// Runs once, after the exchanged tables. Every table here is derived: it can be emptied and rebuilt from entry and
// payload.
inline constexpr char kDerivedSchema[] = R"sql(
-- DERIVED. One row a live record of a known kind. feed.feed_id says whose it is and for which audience. The same
-- (kind, id) can stand in several feeds. Kinds: 1 organization, 2 service, 3 location, 4 training, 5 resource,
-- 6 assessment, 7 commitment. Times: datetime(updated_unix_millis / 1000, 'unixepoch').
CREATE TABLE record (
  entry_id INTEGER PRIMARY KEY,            -- entry.entry_id, and that of every table below
  feed_id INTEGER NOT NULL,                -- feed.feed_id
  kind INTEGER NOT NULL,
  id TEXT NOT NULL,                        -- UUID
  title TEXT NOT NULL,                     -- as lists show it
  language TEXT NOT NULL,                  -- BCP 47 tag of the texts; empty: not known
  countries TEXT NOT NULL,                 -- ISO 3166-1, comma between; see record_country
  languages TEXT NOT NULL,                 -- BCP 47, comma between; see record_language
  terms TEXT NOT NULL,                     -- "taxonomy:code", newline between; see record_term
  updated_unix_millis INTEGER NOT NULL,    -- when its owner last changed it
  verified_unix_millis INTEGER,            -- when a person last confirmed it; NULL: never
  verify_every_days INTEGER NOT NULL,      -- until the next confirmation is due; 0: as the charter says
  verified_by TEXT NOT NULL                -- the role of that person
) STRICT;
CREATE UNIQUE INDEX record_by_id ON record (kind, id, feed_id);
CREATE INDEX record_by_updated ON record (updated_unix_millis);

-- DERIVED. Supplements (cairn.v1.Record.supplement) as their readers see them: merged with the record of the wider
-- audience. Their rows in the other tables hold the merged values. Whoever may read entry_id should not count
-- base_entry_id as well: it is the same record, as a wider audience sees it.
CREATE TABLE supplement (
  entry_id INTEGER PRIMARY KEY,            -- of the supplement, in the feed of the narrower audience
  base_entry_id INTEGER NOT NULL,          -- of what it is laid over
  merged BLOB NOT NULL                     -- serialised cairn.v1.Record
) STRICT;
CREATE INDEX supplement_by_base ON supplement (base_entry_id);

-- DERIVED. The countries that a record concerns, one row each.
CREATE TABLE record_country (
  country TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (country, entry_id)
) STRICT, WITHOUT ROWID;

-- DERIVED. The languages in which a record is written or the help is given, one row each.
CREATE TABLE record_language (
  language TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (language, entry_id)
) STRICT, WITHOUT ROWID;

-- DERIVED. The terms that classify a record, in lower case. Plain keywords have an empty taxonomy.
CREATE TABLE record_term (
  code TEXT NOT NULL,
  taxonomy TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (code, taxonomy, entry_id)
) STRICT, WITHOUT ROWID;

-- DERIVED. Which records refer to which location: services and organizations that are there, trainings held there.
-- location_id is the UUID of a location record of any partner, which may not be here (yet).
CREATE TABLE record_place (
  location_id TEXT NOT NULL,
  entry_id INTEGER NOT NULL,
  PRIMARY KEY (location_id, entry_id)
) STRICT, WITHOUT ROWID;

-- DERIVED. Bodies: NGOs, helplines, clinics, universities, police.
CREATE TABLE organization (
  entry_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  alternate_name TEXT NOT NULL,
  role TEXT NOT NULL,
  parent_organization_id TEXT NOT NULL,    -- organization.id; empty: none
  email TEXT NOT NULL,
  website TEXT NOT NULL,
  phone TEXT NOT NULL,                     -- the first; empty: none
  year_incorporated INTEGER NOT NULL       -- 0: not known
) STRICT;

-- DERIVED. Help that is offered.
CREATE TABLE service (
  entry_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,           -- organization.id, of any partner; empty: none
  name TEXT NOT NULL,
  status TEXT NOT NULL,                    -- active, inactive, defunct, temporarily closed
  email TEXT NOT NULL,
  url TEXT NOT NULL,
  minimum_age REAL,                        -- years; NULL: no bound
  maximum_age REAL,                        -- years; NULL: no bound
  fees_description TEXT NOT NULL
) STRICT;

-- DERIVED. The numbers of a service. Short codes (116111) are dialled as they are, inside `country` only.
CREATE TABLE service_phone (
  entry_id INTEGER NOT NULL,
  n INTEGER NOT NULL,                      -- from 0, over the service and its places
  at_location INTEGER,                     -- service_at_location.n; NULL: of the service itself
  number TEXT NOT NULL,                    -- E.164 or short code
  country TEXT NOT NULL,
  short_code INTEGER NOT NULL,             -- 1: yes
  type TEXT NOT NULL,
  PRIMARY KEY (entry_id, n)
) STRICT, WITHOUT ROWID;

-- DERIVED. When a service is open.
CREATE TABLE service_schedule (
  entry_id INTEGER NOT NULL,
  n INTEGER NOT NULL,                      -- from 0, over the service and its places
  at_location INTEGER,                     -- service_at_location.n; NULL: of the service itself
  first_date TEXT NOT NULL,                -- YYYY-MM-DD
  last_date TEXT NOT NULL,                 -- YYYY-MM-DD
  weekdays INTEGER,                        -- open on: 1 Monday, 2 Tuesday, 4 Wednesday, ... 64 Sunday, added up;
                                           -- NULL: as `rule` says
  rule TEXT NOT NULL,                      -- RFC 5545; empty unless weekdays is NULL
  dtstart TEXT NOT NULL,                   -- where the rule begins; empty unless weekdays is NULL
  opens_at TEXT NOT NULL,                  -- HH:MM, local; empty with closes_at empty: all day
  closes_at TEXT NOT NULL,                 -- earlier than opens_at: on the next day
  time_zone TEXT NOT NULL,                 -- IANA; empty: that of the place
  description TEXT NOT NULL,
  PRIMARY KEY (entry_id, n)
) STRICT, WITHOUT ROWID;

-- DERIVED. Where a service is offered.
CREATE TABLE service_at_location (
  entry_id INTEGER NOT NULL,
  n INTEGER NOT NULL,                      -- from 0
  location_id TEXT NOT NULL,               -- location.id, of any partner
  description TEXT NOT NULL,
  PRIMARY KEY (entry_id, n)
) STRICT, WITHOUT ROWID;

-- DERIVED. Places, with their first address.
CREATE TABLE location (
  entry_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,
  location_type TEXT NOT NULL,             -- physical, postal, virtual
  name TEXT NOT NULL,
  latitude REAL,                           -- WGS 84 degrees; NULL: not known
  longitude REAL,
  address TEXT NOT NULL,
  city TEXT NOT NULL,
  postal_code TEXT NOT NULL,
  state_province TEXT NOT NULL,
  country TEXT NOT NULL
) STRICT;

-- DERIVED. The places on the map (R*Tree; single precision, rounded outward).
CREATE VIRTUAL TABLE location_geo USING rtree (entry_id, latitude_min, latitude_max, longitude_min, longitude_max);

-- DERIVED. Courses and seminars.
CREATE TABLE training (
  entry_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  provider_id TEXT NOT NULL,               -- organization.id; empty: none
  name TEXT NOT NULL,
  mode TEXT NOT NULL,                      -- onsite, online, hybrid
  audience TEXT NOT NULL,                  -- for whom, newline between
  duration_minutes INTEGER NOT NULL,       -- 0: not known
  url TEXT NOT NULL,
  email TEXT NOT NULL
) STRICT;

-- DERIVED. The dated sessions of a training, cancelled ones included.
CREATE TABLE training_session (
  entry_id INTEGER NOT NULL,
  n INTEGER NOT NULL,                      -- from 0
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  starts_at TEXT NOT NULL,                 -- local: YYYY-MM-DDTHH:MM:SS, or YYYY-MM-DD
  ends_at TEXT NOT NULL,                   -- likewise; a date is the last day; empty: not known
  time_zone TEXT NOT NULL,                 -- IANA
  place TEXT NOT NULL,
  location_id TEXT NOT NULL,
  country TEXT NOT NULL,
  status TEXT NOT NULL,                    -- scheduled, full, cancelled, postponed, completed
  mode TEXT NOT NULL,
  capacity INTEGER NOT NULL,               -- 0: not known
  registration_url TEXT NOT NULL,
  PRIMARY KEY (entry_id, n)
) STRICT, WITHOUT ROWID;

-- DERIVED. Things to read, watch or use.
CREATE TABLE resource (
  entry_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  publisher_id TEXT NOT NULL,              -- organization.id; empty: none
  name TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  url TEXT NOT NULL,
  license TEXT NOT NULL,
  year INTEGER NOT NULL                    -- 0: not known
) STRICT;

-- DERIVED. Evidence on services.
CREATE TABLE assessment (
  entry_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  service_id TEXT NOT NULL,                -- service.id
  assessor_id TEXT NOT NULL,               -- organization.id; empty: none
  name TEXT NOT NULL,
  criterion TEXT NOT NULL,                 -- availability, quality, effectiveness
  method TEXT NOT NULL,
  period_start TEXT NOT NULL,              -- YYYY-MM-DD
  period_end TEXT NOT NULL,
  score REAL,                              -- 0 to 100; NULL: none
  result TEXT NOT NULL
) STRICT;

-- DERIVED. Actions pledged.
CREATE TABLE commitment (
  entry_id INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  organization_id TEXT NOT NULL,           -- organization.id
  name TEXT NOT NULL,
  target TEXT NOT NULL,
  status TEXT NOT NULL,                    -- planned, started, done, abandoned
  pledged_on TEXT NOT NULL,                -- YYYY-MM-DD
  due TEXT NOT NULL                        -- YYYY-MM-DD
) STRICT;

-- DERIVED. The reports on a commitment.
CREATE TABLE progress_report (
  entry_id INTEGER NOT NULL,
  n INTEGER NOT NULL,                      -- from 0
  due TEXT NOT NULL,                       -- YYYY-MM-DD
  submitted TEXT NOT NULL,                 -- YYYY-MM-DD; empty: not yet
  text TEXT NOT NULL,
  PRIMARY KEY (entry_id, n)
) STRICT, WITHOUT ROWID;

-- DERIVED. The text index: rowid is entry_id. It keeps no text, only which word stands in a record, under the first
-- of title, keywords, body that has it; words are folded (accents and case removed) before they get here, and so must be
-- the words searched for.
CREATE VIRTUAL TABLE record_text USING fts5 (
  title, keywords, body,
  content = '', columnsize = 0, detail = column, tokenize = "unicode61 remove_diacritics 0"
);
-- One flush a transaction of 2,000 records, and fewer, larger merges: a third off the cost of filling it.
INSERT INTO record_text (record_text, rank) VALUES ('hashsize', 16777216);
INSERT INTO record_text (record_text, rank) VALUES ('automerge', 8);
INSERT INTO record_text (record_text, rank) VALUES ('crisismerge', 32);
)sql";

}  // namespace cairn
