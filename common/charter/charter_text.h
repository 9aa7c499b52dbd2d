// A charter in plain words, for governors who must know what they sign.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "cairn/v1/charter.pb.h"

namespace cairn {

// How long before its end a charter is called to mind: governors need time to sign.
inline constexpr absl::Duration charter_expiry_warning = absl::Hours(24 * 30);

// The whole version in lines that end with a newline: consortium, version, dates, governors with key ids, partners with
// keys and nodes, circles. `now` decides whether it is called out of date.
std::string Describe(const v1::Charter& charter, absl::Time now);

// What `next` changes, one sentence an element without a full stop ("admits partner pl-fdds (Fundacja), PL, ngo");
// none: only version and dates. Governors and thresholds come first, as they matter most.
std::vector<std::string> DescribeChange(const v1::Charter& previous, const v1::Charter& next);

// What of that change a signer must not overlook, in whole sentences: fewer signatures than before, governors that go,
// keys revoked or taken away, feeds that begin anew, entries that vanish, readers that come, dates that run out,
// content that this program does not know. None: nothing of the kind. Of a first version, `previous` is itself.
std::vector<std::string> DescribeDangers(const v1::Charter& previous, const v1::Charter& next, absl::Time now);

// "signed by 2 of the 2 needed: secretariat, treasurer", or what is missing. With `previous`, both thresholds are
// looked at.
std::string DescribeSignatures(const v1::SignedCharter& signed_charter, const v1::SignedCharter* previous);

}  // namespace cairn
