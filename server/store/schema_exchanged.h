// The exchanged tables' text. Comments within the text stay in the file: people who open it read them with `.schema`.
#pragma once

#include "absl/strings/string_view.h"

namespace cairn {

inline constexpr absl::string_view kExchangedSchema = R"sql(
CREATE TABLE node_meta (
  -- Local. What this file is and how far long work on it has come, as name and value: consortium, created_at,
  -- derived_version, rebuild_cursor, erasure_pending_since, erasure_running_since, erasure_completed_at,
  -- erasure_merging,
  -- change_no_public, change_no_other (the last numbers given out, see change_order.h), change_no_floor, change_no_mark,
  -- change_nested_..., page_key (seals page tokens), file (which one this is on its file system),
  -- restored_from (a copy: which one, until peers were heard),
  -- own_feeds_old (1: found to be an old copy, until peers were heard).
  key TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE charter (
  -- Exchanged. Every version of the consortium's charter, as signed.
  version INTEGER NOT NULL PRIMARY KEY,
  signed_charter BLOB NOT NULL          -- serialised cairn.v1.SignedCharter
) STRICT;

CREATE TABLE feed (
  -- Exchanged. One row a partner and audience: the head under which its entries are visible. The row stays when a new
  -- generation replaces the old one.
  feed_id INTEGER NOT NULL PRIMARY KEY,
  partner TEXT NOT NULL,
  audience TEXT NOT NULL,               -- public, consortium or circle:NAME
  generation INTEGER NOT NULL,
  head BLOB,                            -- serialised cairn.v1.SignedHead; NULL: nothing is visible under a head yet
  content_sha256 BLOB,                  -- of the head's content
  seq INTEGER NOT NULL,                 -- of the head; 0: none. Entries above it are not complete yet
  live_count INTEGER NOT NULL,          -- records that are not withdrawn
  live_bytes INTEGER NOT NULL,          -- of their payloads
  as_of_unix_millis INTEGER NOT NULL,   -- when the owner last said so
  floor_seq INTEGER NOT NULL,           -- tombstones at or below may be gone
  applying INTEGER NOT NULL,            -- 1: the set of staging_set is being made visible in slices
  frozen INTEGER NOT NULL,              -- 1: the owner contradicted itself, see evidence
  damaged INTEGER NOT NULL,             -- 1: entries disagree with the head; being fetched anew
  UNIQUE (partner, audience)
) STRICT;

CREATE TABLE feed_digest (
  -- Exchanged, in a sense: what heads sign the hash of. The LtHash of all live entries, 2,048 bytes. Apart from feed
  -- so that a heartbeat does not write it.
  feed_id INTEGER NOT NULL PRIMARY KEY,
  lthash BLOB NOT NULL
) STRICT;

CREATE TABLE payload (
  -- Exchanged. The bytes of records, exactly as published. Written once when staged; then only references move.
  payload_id INTEGER NOT NULL PRIMARY KEY,
  sha256 BLOB NOT NULL,
  bytes BLOB NOT NULL                   -- serialised cairn.v1.Record
) STRICT;

CREATE TABLE entry (
  -- Exchanged. The latest visible version of each record of each feed, or the mark that it was withdrawn.
  entry_id INTEGER NOT NULL PRIMARY KEY,
  feed_id INTEGER NOT NULL,             -- feed
  kind INTEGER NOT NULL,                -- cairn.v1.RecordKind
  id BLOB NOT NULL,                     -- UUID, 16 bytes
  seq INTEGER NOT NULL,                 -- at which this version was published
  payload_id INTEGER,                   -- payload; NULL: withdrawn
  visible_at INTEGER NOT NULL,          -- when this node made this version visible, ms since 1970
  withdrawn_at INTEGER,                 -- when this node made the withdrawal visible, ms since 1970; NULL: it is live
  UNIQUE (id, kind, feed_id)
) STRICT;
-- Pages of a feed in order of seq. Not unique: while slices are applied an old and a new version may share a number.
CREATE INDEX entry_by_seq ON entry (feed_id, seq);
-- Withdrawals whose time has come.
CREATE INDEX entry_withdrawn ON entry (withdrawn_at) WHERE withdrawn_at IS NOT NULL;

CREATE TABLE staging_set (
  -- Exchanged, unverified. What is being collected of a feed before it is compared with a head. At most one set a feed
  -- is not dropped; rows of dropped ones go little by little.
  set_id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  partner TEXT NOT NULL,
  audience TEXT NOT NULL,
  generation INTEGER NOT NULL,
  dropped INTEGER NOT NULL,             -- 1: its rows are garbage
  full INTEGER NOT NULL,                -- 1: the whole set; what is not in it will be dropped
  base_seq INTEGER NOT NULL,            -- of the head held when it began
  through_seq INTEGER NOT NULL,         -- everything up to here has been staged
  basis_seq INTEGER NOT NULL,           -- highest seq of a source's head seen
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,               -- of payloads staged
  live_count INTEGER NOT NULL,          -- of what will be visible
  live_bytes INTEGER NOT NULL,          -- of what will be visible
  lthash BLOB NOT NULL,                 -- of what will be visible
  pending_head BLOB,                    -- verified head under which it is being made visible; NULL: not yet
  swept INTEGER NOT NULL,               -- while a full set is applied: 1 when entries that are not in it are gone
  sweep_seq INTEGER NOT NULL,           -- while sweeping: entries up to here have been looked at
  sweep_entry_id INTEGER NOT NULL       -- of those with that seq, up to here
) STRICT;
CREATE INDEX staging_set_by_feed ON staging_set (partner, audience, dropped);

CREATE TABLE staging (
  -- Exchanged, unverified. Entries of a staging_set. Narrow and in the order of entry's index, so that applying writes
  -- neighbours together.
  set_id INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  payload_id INTEGER,                   -- payload; NULL: withdrawn
  PRIMARY KEY (set_id, id, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE evidence (
  -- Exchanged. Two heads of one owner that cannot both be true; the first such pair of a generation.
  partner TEXT NOT NULL,
  audience TEXT NOT NULL,
  generation INTEGER NOT NULL,
  fork BLOB NOT NULL,                   -- serialised cairn.v1.ForkEvidence
  found_at INTEGER NOT NULL,            -- ms since 1970
  PRIMARY KEY (partner, audience, generation)
) STRICT, WITHOUT ROWID;

CREATE TABLE peer_head (
  -- Local. What other nodes said they hold: their acknowledgements, and who has confirmed a withdrawal.
  node TEXT NOT NULL,
  partner TEXT NOT NULL,
  audience TEXT NOT NULL,
  generation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  confirmed_at INTEGER NOT NULL,        -- when it first said so, ms since 1970
  PRIMARY KEY (partner, audience, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE dropped_feed (
  -- Local. Feeds that this node may no longer read and has erased, to be confirmed to their owners.
  partner TEXT NOT NULL,
  audience TEXT NOT NULL,
  erased_at INTEGER NOT NULL,           -- ms since 1970
  PRIMARY KEY (partner, audience)
) STRICT, WITHOUT ROWID;

CREATE TABLE drop_receipt (
  -- Local. What nodes that may no longer read one of this partner's own feeds said: that they have erased their copy.
  audience TEXT NOT NULL,
  node TEXT NOT NULL,
  erased_at INTEGER NOT NULL,           -- as the node said, ms since 1970
  PRIMARY KEY (audience, node)
) STRICT, WITHOUT ROWID;

CREATE TABLE peer_receipt (
  -- Local. Those acknowledgements of the own feeds that confirmed a withdrawal, kept as long as withdrawals are: since
  -- when a node has confirmed it.
  partner TEXT NOT NULL,
  audience TEXT NOT NULL,
  node TEXT NOT NULL,
  generation INTEGER NOT NULL,
  seq INTEGER NOT NULL,                 -- of the head that it announced
  confirmed_at INTEGER NOT NULL,        -- ms since 1970
  PRIMARY KEY (partner, audience, node, generation, seq)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace cairn
