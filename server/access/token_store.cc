#include "server/access/token_store.h"

#include <algorithm>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/log.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_document.h"
#include "common/crypto/hash.h"
#include "common/record/supplement.h"

namespace cairn {
namespace {

constexpr absl::string_view prefix = "cairn_";  // so that scanners for leaked secrets find it
constexpr size_t random_bytes = 32;
constexpr char create_method[] = "/cairn.v1.Operations/CreateToken";
constexpr char revoke_method[] = "/cairn.v1.Operations/RevokeToken";

google::protobuf::Timestamp ToTimestamp(int64_t unix_millis) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(unix_millis / 1000);
  timestamp.set_nanos(static_cast<int32_t>(unix_millis % 1000) * 1'000'000);
  return timestamp;
}

v1::AccessToken ToProto(const TokenRow& row) {
  v1::AccessToken token;
  token.set_name(row.name);
  token.set_role(static_cast<Role>(row.role));
  for (const std::string& audience : row.audiences) token.add_audiences(audience);
  *token.mutable_created_at() = ToTimestamp(row.created_at);
  *token.mutable_expires_at() = ToTimestamp(row.expires_at);
  if (row.revoked_at != 0) *token.mutable_revoked_at() = ToTimestamp(row.revoked_at);
  if (row.last_used_at != 0) *token.mutable_last_used_at() = ToTimestamp(row.last_used_at);
  return token;
}

int64_t EndOf(const TokenRow& token) { return token.revoked_at != 0 ? token.revoked_at : token.expires_at; }

std::string MakeSecret(Random* random) {
  std::string bits(random_bytes, '\0');
  random->Fill(absl::MakeSpan(bits));
  return absl::StrCat(prefix, absl::WebSafeBase64Escape(bits));
}

}  // namespace

absl::StatusOr<std::unique_ptr<TokenStore>> TokenStore::Load(Options options) {
  auto store = std::unique_ptr<TokenStore>(new TokenStore(std::move(options)));
  absl::MutexLock lock(&store->mutex_);
  RETURN_IF_ERROR(store->options_.store->Read([&](Connection& db) ABSL_NO_THREAD_SAFETY_ANALYSIS -> absl::Status {
    ASSIGN_OR_RETURN(store->tokens_, ReadTokens(db));
    return absl::OkStatus();
  }));
  return store;
}

absl::Status TokenStore::CheckAudience(absl::string_view audience) const {
  if (!IsAudience(audience)) {
    return absl::InvalidArgumentError(
        absl::StrCat("audience ", Quoted(audience), ": write public, consortium, or circle:NAME"));
  }
  absl::string_view name = audience;
  if (!absl::ConsumePrefix(&name, "circle:")) return absl::OkStatus();
  const std::shared_ptr<const CharterView> charter = options_.charter();
  const v1::Circle* const circle = charter->FindCircle(name);
  if (circle != nullptr && absl::c_linear_search(circle->partners(), options_.partner)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("audience ", Quoted(audience), ": ", options_.partner,
                                                 " is in no circle of that name, so the token could never read it"));
}

absl::Status TokenStore::CheckRequest(const v1::CreateTokenRequest& request) const {
  if (!IsCharterId(request.name())) {
    return absl::InvalidArgumentError(absl::StrCat(
        "token name ", Quoted(request.name()),
        ": write what it is for in 1 to 64 lower-case letters, digits and hyphens, such as website-dashboard"));
  }
  if (RoleName(request.role()) == "nobody") {
    return absl::InvalidArgumentError("role: missing; write reader, editor, publisher or operator");
  }
  if (request.days() > limits::token_days_max) {
    return absl::InvalidArgumentError(
        absl::StrCat("days ", request.days(), ": at most ", limits::token_days_max, ", ten years"));
  }
  if (request.audiences_size() > static_cast<int>(limits::token_audiences_max)) {
    return absl::InvalidArgumentError(
        absl::StrCat(request.audiences_size(), " audiences: at most ", limits::token_audiences_max));
  }
  for (const std::string& audience : request.audiences()) RETURN_IF_ERROR(CheckAudience(audience));
  if (LacksConsortium(std::vector<std::string>(request.audiences().begin(), request.audiences().end()))) {
    return absl::InvalidArgumentError(absl::StrCat("audiences: ", lacks_consortium_text));
  }
  absl::MutexLock lock(&mutex_);
  const auto valid = std::count_if(tokens_.begin(), tokens_.end(), [this](const TokenRow& t) { return IsValid(t); });
  if (static_cast<size_t>(valid) < limits::tokens_max) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("there are ", valid, " valid tokens; revoke some with `token revoke`"));
}

absl::StatusOr<v1::CreateTokenResponse> TokenStore::Create(const Caller& caller,
                                                           const v1::CreateTokenRequest& request) {
  absl::MutexLock changing(&changing_);
  RETURN_IF_ERROR(CheckRequest(request));
  v1::CreateTokenResponse response;
  response.set_secret(MakeSecret(options_.random));
  const absl::Time now = options_.clock->Now();
  const uint32_t days = request.days() == 0 ? limits::token_days_default : request.days();
  TokenRow row;
  row.name = request.name();
  row.sha256 = Sha256(response.secret());
  row.role = request.role();
  row.audiences.assign(request.audiences().begin(), request.audiences().end());
  row.created_at = absl::ToUnixMillis(now);
  row.expires_at = absl::ToUnixMillis(now + absl::Hours(24) * days);
  const std::string description = absl::StrCat("token ", row.name, " for ", RoleName(request.role()), ", ", days,
                                               " days, audiences ", absl::StrJoin(row.audiences, " "));
  // Those that the audit has forgotten by now: their names are free again.
  const int64_t forgotten = absl::ToUnixMillis(now - absl::Hours(24) * limits::audit_days_max);
  RETURN_IF_ERROR(options_.store->Write([&](Connection& db) -> absl::Status {
    RETURN_IF_ERROR(PurgeTokens(db, forgotten));
    RETURN_IF_ERROR(InsertToken(db, row));
    return options_.audit->Append(db, caller, create_method, description);
  }));
  LogInfo("token.created", {{"name", row.name}, {"role", RoleName(request.role())}, {"by", caller.name()}});
  *response.mutable_token() = ToProto(row);
  absl::MutexLock lock(&mutex_);
  tokens_.erase(
      std::remove_if(tokens_.begin(), tokens_.end(), [&](const TokenRow& token) { return EndOf(token) < forgotten; }),
      tokens_.end());
  const auto place = std::find_if(tokens_.begin(), tokens_.end(), [&](const TokenRow& t) { return t.name > row.name; });
  tokens_.insert(place, std::move(row));
  return response;
}

absl::StatusOr<v1::AccessToken> TokenStore::Revoke(const Caller& caller, absl::string_view name) {
  absl::MutexLock changing(&changing_);
  const int64_t now = absl::ToUnixMillis(options_.clock->Now());
  RETURN_IF_ERROR(options_.store->Write([&](Connection& db) -> absl::Status {
    RETURN_IF_ERROR(RevokeToken(db, name, now));
    return options_.audit->Append(db, caller, revoke_method, absl::StrCat("token ", name));
  }));
  LogInfo("token.revoked", {{"name", name}, {"by", caller.name()}});
  absl::MutexLock lock(&mutex_);
  const auto token = std::find_if(tokens_.begin(), tokens_.end(), [&](const TokenRow& t) { return t.name == name; });
  if (token == tokens_.end()) return absl::InternalError("a token that is on disk is not in memory");
  if (token->revoked_at == 0) token->revoked_at = now;
  return ToProto(*token);
}

v1::ListTokensResponse TokenStore::List() const {
  v1::ListTokensResponse response;
  absl::MutexLock lock(&mutex_);
  for (const TokenRow& token : tokens_) *response.add_tokens() = ToProto(token);
  return response;
}

bool TokenStore::IsValid(const TokenRow& token) const { return IsValidToken(token, options_.clock->Now()); }

std::optional<TokenGrant> TokenStore::Find(absl::string_view secret) {
  absl::MutexLock lock(&mutex_);
  const ptrdiff_t place = PlaceOfToken(tokens_, secret);
  if (place < 0) return std::nullopt;
  TokenRow& token = tokens_[static_cast<size_t>(place)];
  if (!IsValid(token)) return std::nullopt;
  NoteUse(&token);
  return TokenGrant{token.name, static_cast<Role>(token.role), token.audiences};
}

bool TokenStore::IsValid(absl::string_view name) const {
  absl::MutexLock lock(&mutex_);
  return HasValidToken(tokens_, name, options_.clock->Now());
}

void TokenStore::NoteUse(TokenRow* token) {
  const int64_t now = absl::ToUnixMillis(options_.clock->Now());
  if (now - token->last_used_at < absl::ToInt64Milliseconds(absl::Minutes(limits::token_used_write_minutes))) return;
  token->last_used_at = now;
  options_.store->WriteAsync([name = token->name, now](Connection& db) { return SetTokenUsed(db, name, now); },
                             [](const absl::Status& written) {
                               if (!written.ok()) LogWarning("token.use_not_noted", {{"why", written.message()}});
                             });
}

}  // namespace cairn
