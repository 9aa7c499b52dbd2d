// cairn charter rotate-key, drop-key, revoke-key, new-generation: publishing keys change, are stolen, are lost.
#include "absl/strings/str_cat.h"
#include "client/cli/charter_draft.h"
#include "common/base/errors.h"
#include "common/base/status_macros.h"
#include "common/charter/key_request.h"

namespace cairn {
namespace {

struct KeyOptions : CharterOptions {
  std::vector<std::string> last_good;
  bool new_generation = false;
};

void AddLastGood(CLI::App* command, KeyOptions* options, const char* help) {
  command->add_option("--last-good", options->last_good, help)
      ->type_name("AUDIENCE=SEQ:DIGEST")
      ->expected(1)
      ->take_all();
}

absl::StatusOr<ExitCode> Rotate(const KeyOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const v1::NewKeyRequest request, ReadNewKeyRequest(options.value));
  ASSIGN_OR_RETURN(const ExitCode code,
                   EditCharter(options, {[&](v1::Charter c) { return RotateKey(std::move(c), request); }}, context));
  PrintToCompare(absl::StrCat("  ", context->style().Strong(NewKeyFingerprint(request)), "  ", request.partner(), "\n"),
                 context);
  return code;
}

absl::StatusOr<ExitCode> Revoke(const KeyOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const std::vector<LastGood> last_good, ParseLastGoods(options.last_good));
  ASSIGN_OR_RETURN(const ReadKey read, ReadNewKey(options.value, context));
  const Revocation revocation{options.subject, options.key, last_good, read.key, options.new_generation};
  ASSIGN_OR_RETURN(const ExitCode code,
                   EditCharter(options, {[&](v1::Charter c) { return RevokeKey(std::move(c), revocation); }}, context));
  PrintToCompare(read.to_compare, context);
  return code;
}

absl::StatusOr<ExitCode> Begin(const KeyOptions& options, Context* context) {
  ASSIGN_OR_RETURN(const std::vector<LastGood> last_good, ParseLastGoods(options.last_good));
  ASSIGN_OR_RETURN(const ReadKey read, ReadNewKey(options.value, context));
  if (read.key.partner != options.subject) {
    return absl::InvalidArgumentError(absl::StrCat("request ", Quoted(options.value, 300), ": of partner ",
                                                   Quoted(read.key.partner), ", not ", Quoted(options.subject)));
  }
  const CharterEdit edit = [&](v1::Charter c) { return NewGeneration(std::move(c), read.key, last_good); };
  ASSIGN_OR_RETURN(const ExitCode code, EditCharter(options, {edit}, context));
  PrintToCompare(read.to_compare, context);
  return code;
}

void AddRevoke(CLI::App* charter, Context* context) {
  auto o = std::make_shared<KeyOptions>();
  CLI::App* command = charter->add_subcommand("revoke-key", "A publishing key was stolen");
  AddCharterFile(command, o.get());
  command->add_option("PARTNER", o->subject, "Whose key it is")->required();
  command->add_option("KEYID", o->key, "The stolen key's id, as `inspect` shows it")->required();
  command->add_option("--new-key", o->value, "The partner's request for a new key, or a join request made anew")
      ->required()
      ->type_name("FILE");
  AddLastGood(
      command, o.get(),
      "The last state that the partner itself signed; once for each audience, and nothing is good of one that is "
      "not named");
  command->add_flag("--new-generation", o->new_generation,
                    "The partner's feeds begin anew: needed when the thief has published with the key");
  RunCharter(command, context, [o, context] { return Revoke(*o, context); });
}

}  // namespace

void AddCharterKeyCommands(CLI::App* charter, Context* context) {
  auto rotate = std::make_shared<KeyOptions>();
  CLI::App* change = charter->add_subcommand("rotate-key", "A partner changes its publishing key as planned");
  AddCharterFile(change, rotate.get());
  change->add_option("REQUEST", rotate->value, "The request that `cairn node new-key` made")->required();
  RunCharter(change, context, [rotate, context] { return Rotate(*rotate, context); });

  auto drop = std::make_shared<KeyOptions>();
  CLI::App* take = charter->add_subcommand("drop-key", "Take an old key away once the partner signs with its new one");
  AddCharterFile(take, drop.get());
  take->add_option("PARTNER", drop->subject, "Whose key it is")->required();
  take->add_option("KEYID", drop->key, "The old key's id, as `inspect` shows it")->required();
  RunCharter(take, context, [drop, context] {
    return EditCharter(*drop, {[drop](v1::Charter c) { return DropKey(std::move(c), drop->subject, drop->key); }},
                       context);
  });

  AddRevoke(charter, context);

  auto begin = std::make_shared<KeyOptions>();
  CLI::App* anew = charter->add_subcommand("new-generation", "A partner lost its key: its feeds begin anew");
  AddCharterFile(anew, begin.get());
  anew->add_option("PARTNER", begin->subject, "Its id")->required();
  anew->add_option("--key", begin->value, "A join request, or a request for a new key, of the partner")
      ->required()
      ->type_name("FILE");
  AddLastGood(anew, begin.get(), "The state that the partner may fetch back from the others; once for each audience");
  RunCharter(anew, context, [begin, context] { return Begin(*begin, context); });
}

}  // namespace cairn
