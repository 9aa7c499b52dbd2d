// The text of version 3: the order of changes, and what lists by organization and place need; and that of version 5.
#pragma once

#include "absl/strings/string_view.h"

namespace cairn {

inline constexpr absl::string_view kChangesSchema = R"sql(
-- Local. Of each entry: the number of its last visible change at this node, in microseconds since 1970, growing; and
-- whether it stands in a public feed. See server/store/change_order.h.
ALTER TABLE entry ADD COLUMN change_no INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entry ADD COLUMN is_public INTEGER NOT NULL DEFAULT 0;
-- What an older file holds counts as changed after the latest of it became visible.
UPDATE entry SET is_public = 1 WHERE feed_id IN (SELECT feed_id FROM feed WHERE audience = 'public');
UPDATE entry SET change_no = (SELECT max(visible_at) FROM entry) * 1000 + entry_id;
INSERT INTO node_meta (key, value) SELECT 'change_no_public', max(change_no) FROM entry HAVING count(*) > 0;
INSERT INTO node_meta (key, value) SELECT 'change_no_other', max(change_no) FROM entry HAVING count(*) > 0;
INSERT INTO node_meta (key, value) SELECT 'change_no_floor', max(change_no) FROM entry HAVING count(*) > 0;
CREATE INDEX entry_by_change ON entry (is_public, kind, change_no);

-- Local. 1: the feed is public, and was not to be read by the public when this was last looked at.
ALTER TABLE feed ADD COLUMN public_hidden INTEGER NOT NULL DEFAULT 0;

CREATE TABLE gone_entry (
  -- Local. Public entries that went without a withdrawal of their own, such as those of a feed that began anew. Kept as
  -- long as withdrawals are.
  kind INTEGER NOT NULL,
  change_no INTEGER NOT NULL,           -- as entry.change_no
  id BLOB NOT NULL,                     -- UUID, 16 bytes
  PRIMARY KEY (kind, change_no)
) STRICT, WITHOUT ROWID;
CREATE INDEX gone_entry_by_id ON gone_entry (id, kind);

-- The services of an organization; the places with a postal code.
CREATE INDEX service_by_organization ON service (organization_id);
CREATE INDEX location_by_postal_code ON location (postal_code);
-- The UUID of the service at this place.
ALTER TABLE service_at_location ADD COLUMN id TEXT NOT NULL DEFAULT '';
CREATE INDEX service_at_location_by_id ON service_at_location (id);
)sql";

inline constexpr absl::string_view kNestedChangesSchema = R"sql(
CREATE TABLE service_left (
  -- Local. Organizations that show a service less than they did: it was withdrawn, erased or names another now.
  feed_id INTEGER NOT NULL,                -- whoever may read it sees the difference: the service's, or
                                           -- the organization's own when the service's feed went as a whole
  organization_entry_id INTEGER NOT NULL,  -- entry.entry_id of the organization
  change_no INTEGER NOT NULL,              -- when, as entry.change_no
  PRIMARY KEY (feed_id, organization_entry_id)
) STRICT, WITHOUT ROWID;

-- "90-950", "90 950" and "90950" are one postal code, and so are "sw1a 1aa" and "SW1A1AA".
DROP INDEX location_by_postal_code;
CREATE INDEX location_by_postal_code ON location (replace(replace(upper(postal_code), ' ', ''), '-', ''));
)sql";

}  // namespace cairn
