// Every bound, with its reason. A bound that is not here does not exist.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cairn::limits {

// --- records
inline constexpr size_t record_bytes_max = 256 * 1024;           // a page of 256 KiB holds at least one; far above any real entry
inline constexpr size_t source_id_bytes_max = 512;               // identifiers, not documents
inline constexpr size_t extra_bytes_max = 64 * 1024;             // what the model has not must not crowd out what it has
inline constexpr int terms_max = 200;                            // classifies; more is a mapping error
inline constexpr int sessions_max = 500;                         // ten years of a weekly training
inline constexpr int repeated_max = 1000;                        // phones, schedules, places of one record
inline constexpr size_t text_bytes_max = 64 * 1024;              // one text field

// --- imports
inline constexpr size_t import_line_bytes_max = 8 * 1024 * 1024;  // one nested HSDS document; a longer line is not a directory
inline constexpr int import_json_depth_max = 64;                  // HSDS nests 8 deep
inline constexpr size_t import_file_records_max = 10'000'000;     // ten times the largest plan
inline constexpr size_t csv_columns_max = 1'000;                  // spreadsheets of real directories have some 50
inline constexpr size_t csv_cell_values_max = 1'000;              // of one cell with several values; lists of records end there too
inline constexpr size_t csv_detect_bytes_max = 1024 * 1024;       // letters enough to tell encodings apart
inline constexpr size_t csv_mapping_bytes_max = 1024 * 1024;      // a line a column
inline constexpr uint64_t package_entries_max = 200;              // HSDS has 24 tables
inline constexpr uint64_t package_bytes_max = 8ull * 1024 * 1024 * 1024;  // unpacked, of all tables: a million records take 2 GiB
inline constexpr uint64_t package_ratio_max = 200;                // tables pack to a tenth; a bomb to a thousandth
inline constexpr uint64_t package_ratio_free_bytes = 16 * 1024 * 1024;    // below it a ratio harms nobody: empty columns pack well
inline constexpr size_t package_descriptor_bytes_max = 1024 * 1024;       // datapackage.json of all tables has 60 KB

// --- publishing
inline constexpr int publish_batches_max = 8;                    // open at once; each has a file and a page cache of its own
inline constexpr int publish_batches_per_caller_max = 2;         // of one token: a second while the first is being committed
inline constexpr int publish_message_seconds_max = 300;          // a batch whose sender is silent for so long is dropped: programs convert for minutes
inline constexpr size_t publish_problems_max = 1'000;            // beyond it a file is wrong as a whole
inline constexpr uint32_t publish_changes_default = 1'000;       // changes that a dry run lists
inline constexpr size_t publish_chunk_entries = 512;             // read, compared and staged together: some ten milliseconds
inline constexpr size_t publish_chunk_bytes = 1024 * 1024;       // the same, for large records
inline constexpr int publish_ids_max = 10'000;                   // of one Withdraw or MarkVerified
inline constexpr uint32_t publish_wait_seconds_default = 60;     // a live update takes milliseconds; slow lines take seconds
inline constexpr uint32_t publish_wait_seconds_max = 3'600;      // longer is for `receipts`

// --- replication
inline constexpr size_t page_bytes_target = 256 * 1024;          // fast on TLS loopback, small beside memory
inline constexpr size_t page_entries_max = 2'000;                // bounds the work on one page of tombstones
inline constexpr size_t page_bytes_max = 1024 * 1024;            // what a receiver accepts: target + one record, with room
inline constexpr size_t sync_message_bytes_max = 1536 * 1024;    // page_bytes_max and its frame
inline constexpr size_t inline_entries_bytes_max = 64 * 1024;    // one round trip less for a normal edit; larger waits for Pull
inline constexpr uint64_t pull_credit_bytes = 4 * 1024 * 1024;   // keeps a long link full; bounds what a receiver must hold
inline constexpr size_t heads_per_message_max = 500;             // 500 heads of ~400 bytes: 200 KiB
inline constexpr size_t feeds_per_peer_max = 10'000;             // 1,000 partners with 10 audiences
inline constexpr size_t heads_remembered_max = 16;               // of a feed, in memory, 400 bytes each: a second truth may fork off before the head held
inline constexpr size_t small_delta_entries_max = 512;           // visible in one transaction of some ten milliseconds
inline constexpr size_t apply_slice_entries = 2'000;             // a bounded transaction of a large delta

inline constexpr int pulls_running_max = 4;                      // enough to hide one slow peer; bounds received bytes to 4 credits
inline constexpr size_t pulls_served_per_peer_max = 8;           // twice what an honest peer asks for; one page of memory each
inline constexpr size_t sync_queue_messages_max = 64;            // small control messages waiting for one peer
inline constexpr size_t sync_queue_charter_bytes_max = 4 * 1024 * 1024;  // charters of one peer that wait for the one being checked
inline constexpr int pulls_per_source_max = 2;                   // one slow or hostile peer cannot hold all pulls
inline constexpr int inline_commits_max = 64;                    // inlined changes on their way to the disk; more is pulled
inline constexpr size_t given_up_pulls_max = 64;                 // pulls given up whose last pages may still come, a peer
inline constexpr size_t peers_dialled_max = 64;                  // a random graph of this degree stays connected; memory stays small
inline constexpr int pull_progress_seconds_max = 20;             // a peer that announced and delivers nothing for so long is left
inline constexpr int origin_grace_millis = 250;                  // the owner's own delivery is waited for before a relay is asked
inline constexpr int retry_millis_min = 500;                     // first retry after a failure; doubles, with jitter
inline constexpr int retry_millis_max = 60'000;                  // a peer that is back is found within a minute
inline constexpr int ping_seconds = 30;                          // often enough for `status`, too seldom to keep a radio awake
inline constexpr int dial_wait_millis = 1'000;                   // of two that could dial each other, the second waits, so that one stream results
inline constexpr int stream_proven_seconds = 30;                 // a stream that lived so long clears the failures before it
inline constexpr int entry_overhead_bytes = 64;                  // what an entry costs beside its payload, counted against credit
inline constexpr int refresh_millis_min = 1'000;                 // an as_of that is newer by less is not worth a write
inline constexpr size_t head_bytes_max = 4 * 1024;               // a head takes some 400: three names, two hashes, a signature
inline constexpr size_t offers_not_allowed_max = 1'000;          // heads of one peer that a newer charter may allow, kept meanwhile
inline constexpr size_t reads_per_peer_max = 16;                 // pages being read for one peer, of pulls that it cancelled included
inline constexpr int pull_bytes_per_second_min = 1'024;          // less, and another source is asked: an old mobile line gives ten times as much
inline constexpr int over_quota_wait_minutes = 10;               // a feed over its quota is not fetched again and again; a new charter ends the wait
inline constexpr int hello_seconds_max = 20;                     // a stream whose peer has not introduced itself by then is ended
inline constexpr int silence_seconds_max = 150;                  // pings are answered within 30; the largest message on a line of 100 kbit/s takes 120
// What the messages of one peer may cost this node, in microseconds of one core. Pages count against credit instead.
inline constexpr int peer_work_micros_per_second = 100'000;      // a tenth of a core
inline constexpr int peer_work_micros_burst = 5'000'000;         // the heads of feeds_per_peer_max on connecting, with room
inline constexpr int message_work_micros = 20;                   // to take it in and look at it
inline constexpr int message_kib_work_micros = 10;               // to parse it
inline constexpr int head_work_micros = 100;                     // one signature to check
inline constexpr int evidence_work_micros = 250;                 // two of them
inline constexpr int charter_work_micros = 1'000;                // a version: a handful of signatures and a write

// --- the listener for nodes
inline constexpr int handshake_seconds_max = 10;                 // a stranger who connects and says nothing holds a descriptor no longer
inline constexpr int idle_connection_seconds_max = 60;           // a connection without a stream is of no use
inline constexpr size_t streams_per_node_max = 4;                // one is used; more while a new one replaces it
inline constexpr int write_seconds_max = 120;                    // a message that a peer has not taken by then: 1.5 MiB at 100 kbit/s

// --- own feed on start
inline constexpr int own_feed_hear_seconds_max = 30;             // nobody heard for so long: a person must know, dialling goes on
inline constexpr int own_feed_grace_millis = 3'000;              // from the first peer heard: others on this link follow within a few round trips
inline constexpr int own_feed_new_boot_grace_seconds = 90;         // the same after the machine was started anew: whoever is up has dialled again within the longest pause of a minute
inline constexpr int own_feed_old_grace_seconds = 600;           // the same for a copy that is old: ten times the longest pause between dials
inline constexpr int own_feed_recent_seconds = 600;              // own heads are signed anew each minute: an older one shows an old copy or a long absence
inline constexpr int own_feed_settle_seconds = 5;                // a peer of an older program has announced all that it holds after so long
inline constexpr int own_heads_seen_max = 1'000;                 // heads a peer has seen of one partner's feeds; some 300 bytes each, in one message
inline constexpr uint64_t own_feed_skip = 1'000'000;             // numbers an old copy leaves out: more than it gives out between two backups, few of 2^64
inline constexpr int own_feed_publish_wait_seconds = 10;         // a publish right after the start waits for the peers' word rather than fail

// --- charter
inline constexpr size_t charter_bytes_max = 1024 * 1024;         // 1,000 partners of 1 KiB; one version fits one sync message
inline constexpr uint64_t quota_records_default = 200'000;       // a country's services, with room
inline constexpr uint64_t quota_bytes_default = 1024ull * 1024 * 1024;  // 5 KiB a record at the default count
inline constexpr uint32_t quota_publishes_per_hour_default = 3'600;     // one a second, sustained
inline constexpr size_t charter_file_bytes_max = 64 * 1024 * 1024;  // a chain in text form; a real one has kilobytes
inline constexpr size_t charter_name_bytes_max = 400;            // a name for people, in any script
inline constexpr int charter_partners_max = 2'000;               // the plan of 1,000, twice over
inline constexpr int charter_governors_max = 100;                // people who can be asked to sign
inline constexpr int charter_keys_max = 64;                      // publishing keys of one partner: a change a year for a lifetime
inline constexpr int charter_nodes_max = 32;                     // machines of one partner

// --- reading
inline constexpr size_t query_bytes_max = 512;                   // a person's words
inline constexpr int query_words_max = 16;                       // beyond it nothing matches anyway
inline constexpr int filter_values_max = 250;                      // all countries of the world in one filter
inline constexpr uint32_t list_page_size_max = 1'000;            // 1 MB a page
inline constexpr uint32_t search_page_size_max = 200;            // nobody reads further
inline constexpr size_t catalogue_cache_bytes_max = 64 * 1024 * 1024;  // lists of a million entries, eight of them
inline constexpr size_t catalogue_cache_lists_max = 64;          // what a few dashboards ask for again and again
inline constexpr size_t catalogue_terms_max = 20'000;            // ten large taxonomies
inline constexpr size_t catalogue_postcode_places_max = 10'000;  // all places of a large city that shares a code
inline constexpr uint32_t hsds_page_size_default = 50;           // half a screen of a dashboard, some 50 KB
inline constexpr uint32_t hsds_page_size_max = 1'000;            // 1 MB a page; what asks for more gets so many, and is told by `size`
inline constexpr size_t hsds_nested_services_max = 1'000;        // within one organization; the list has all
inline constexpr uint32_t rpde_page_items_default = 500;         // what the specification suggests
inline constexpr uint32_t rpde_page_items_max = 1'000;           // the same as a page of a list
inline constexpr size_t trend_points_max = 1'000;                // of a curve: a pixel each; then every second one goes
inline constexpr int64_t reader_bytes_per_second = 4 * 1024 * 1024;           // of one address or token, over time: more than a household's line takes
inline constexpr int64_t reader_bytes_burst = 4ll * 1024 * 1024 * 1024;       // before that counts: the whole of the largest directory, as it comes in any format
inline constexpr int query_budget_millis = 2'000;                // then a query is stopped, so that one reader cannot hold the pool

// --- administrators and readers
inline constexpr size_t tokens_max = 500;                        // people and programs of one partner; each call looks at all of them
inline constexpr size_t admin_clients_max = 500;                 // the same, with certificates
inline constexpr size_t token_audiences_max = 50;                // circles of one partner
inline constexpr uint32_t token_days_default = 90;               // a token that nobody renews is one that nobody misses
inline constexpr uint32_t token_days_max = 3'660;                // ten years: a dashboard that runs unattended
inline constexpr int token_used_write_minutes = 10;              // last use is known to that; a write with every read would wear the disk
inline constexpr int caller_streams_max = 8;                     // of one token at a time: each holds a thread
inline constexpr int caller_snapshots_max = 1;                   // of one token at a time: each holds a file of the whole directory on the disk
inline constexpr int caller_requests_per_second = 50;            // a busy dashboard has 5; one token cannot hold the readers of the database
inline constexpr int caller_requests_burst = 200;                // a page that asks many things at once
inline constexpr int admin_threads_max = 400;                    // of the administrators' listener; the socket has its own
inline constexpr int admin_streams_per_connection_max = 100;     // what one connection can ask for at a time
inline constexpr int admin_handshake_seconds_max = 10;           // a connection that does not finish its handshake is closed
inline constexpr int admin_message_bytes_max = 4 * 1024 * 1024 + 64 * 1024;  // a charter, or a batch's message with the largest record
inline constexpr uint64_t audit_changes_max = 500'000;           // 80 MB; 100 changes a day for 13 years
inline constexpr uint64_t audit_refusals_max = 20'000;           // apart, so that a flood of them cannot push out what was changed
inline constexpr int audit_days_max = 800;                       // two yearly reviews, then it has served its purpose
inline constexpr int audit_refusals_per_hour_max = 20;           // of one caller; more say nothing new
inline constexpr size_t audit_ids_max = 10;                      // named in one row; the rest is counted
inline constexpr size_t audit_description_bytes_max = 1'000;     // ten ids with room
inline constexpr uint32_t audit_list_default = 100;              // a screen or two
inline constexpr uint32_t audit_list_max = 10'000;               // 2 MB, within one message

// --- HTTP
inline constexpr size_t http_target_bytes_max = 8 * 1024;        // query_bytes_max and all countries as a filter, percent-encoded, with room
inline constexpr size_t http_head_bytes_max = 16 * 1024;         // the target, a token, and what browsers and proxies add
inline constexpr int http_connections_max = 10'000;              // 2 KiB each when idle
inline constexpr int http_tls_connections_max = 2'000;           // some 70 KiB each
inline constexpr int http_connections_per_address_max = 100;     // a school behind one address; a browser opens 6
inline constexpr int http_idle_seconds_max = 30;                 // between two requests of one page
inline constexpr int http_head_seconds_max = 10;                 // from a head's first byte to its last: one packet, on any line
inline constexpr int http_slice_seconds_max = 20;                // to take 64 KiB: 3.2 KiB/s, an old mobile line gives ten times as much
inline constexpr size_t http_queue_max = 512;                    // requests that wait for a worker: half a second's work, then 503
inline constexpr int http_requests_per_second = 50;              // of one address: a page asks for 20 things and then one at each key
inline constexpr int http_requests_burst = 300;                  // a school opens the page
inline constexpr size_t http_addresses_max = 100'000;            // counted at a time: 10 MB
inline constexpr size_t http_languages_max = 16;                 // people who read more do not say so
inline constexpr size_t http_gzip_bytes_min = 1024;              // below it one packet takes the answer anyway
inline constexpr size_t http_ignored_names_max = 20;             // unknown parameters that are named back
inline constexpr int edge_look_millis = 100;                     // between two looks at the file of another process: ten changes a second for streams, microseconds each look
inline constexpr size_t http_states_max = 1'000;                 // combinations of feeds that somebody may read, remembered: one a circle and a few
inline constexpr int http_event_streams_max = 500;               // each reads the database after each change: a tenth of a millisecond
inline constexpr int http_event_streams_per_address_max = 20;    // dashboards of one office
inline constexpr int http_stream_wait_millis = 15'000;           // an event stream says something so often: proxies cut off what is silent for 30 s or more

}  // namespace cairn::limits
