// cairn charter suspend, circle, quota, governors ...: a consortium changes.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/charter_draft.h"
#include "client/cli/option_checks.h"
#include "common/base/errors.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/charter/charter_edit.h"
#include "common/crypto/tls_identity.h"

namespace cairn {
namespace {

using Subject = absl::string_view;

// A command that changes one thing of one partner or node.
void AddEditCommand(CLI::App* charter, Context* context, const char* name, const char* help, const char* subject,
                    std::function<absl::StatusOr<v1::Charter>(v1::Charter, Subject)> edit) {
  auto o = std::make_shared<CharterOptions>();
  CLI::App* command = charter->add_subcommand(name, help);
  AddCharterFile(command, o.get());
  command->add_option(subject, o->subject, "Its id")->required();
  RunCharter(command, context, [o, context, edit] {
    const CharterEdit one = [o, edit](v1::Charter c) { return edit(std::move(c), o->subject); };
    return EditCharter(*o, {one}, context);
  });
}

void AddRetire(CLI::App* charter, Context* context) {
  struct Options : CharterOptions {
    bool keep = false;
    std::vector<std::string> last_good;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = charter->add_subcommand("retire", "A partner leaves for good; its entries go too, or stay");
  AddCharterFile(command, o.get());
  command->add_option("PARTNER", o->subject, "Its id")->required();
  command->add_flag("--keep", o->keep, "Its entries stay readable as they stand, marked, and never change again");
  command
      ->add_option("--last-good", o->last_good,
                   "With --keep: the state that nodes which lack the feed may still take; once for each audience")
      ->type_name("AUDIENCE=SEQ:DIGEST")
      ->expected(1)
      ->take_all();
  RunCharter(command, context, [o, context]() -> absl::StatusOr<ExitCode> {
    ASSIGN_OR_RETURN(const std::vector<LastGood> last_good, ParseLastGoods(o->last_good));
    if (!o->keep && !last_good.empty()) return UsageError("--last-good is for --keep; without it nothing is kept");
    const CharterEdit edit = [&](v1::Charter c) {
      return o->keep ? RetireKeeping(std::move(c), o->subject, last_good) : Retire(std::move(c), o->subject);
    };
    return EditCharter(*o, {edit}, context);
  });
}

void AddSetEndpoint(CLI::App* charter, Context* context) {
  auto o = std::make_shared<CharterOptions>();
  CLI::App* endpoint = charter->add_subcommand("set-endpoint", "Change where a node is dialled");
  AddCharterFile(endpoint, o.get());
  endpoint->add_option("NODE", o->subject, "The node's id")->required();
  endpoint->add_option("ENDPOINT", o->value, "host:port; leave it out when the node only dials");
  RunCharter(endpoint, context, [o, context] {
    const CharterEdit edit = [o](v1::Charter c) { return SetEndpoint(std::move(c), o->subject, o->value); };
    return EditCharter(*o, {edit}, context);
  });
}

// The new TLS key comes as the node's certificate, or within a join request that the partner made anew.
absl::StatusOr<v1::Charter> SetPinFrom(v1::Charter charter, const CharterOptions& options) {
  ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(options.value));
  if (absl::StrContains(text, "BEGIN CERTIFICATE")) {
    ASSIGN_OR_RETURN(const std::string spki, SpkiSha256OfCertPem(text));
    return SetPin(std::move(charter), options.subject, spki);
  }
  ASSIGN_OR_RETURN(const v1::JoinRequest request, ReadJoinRequest(options.value));
  if (request.partner().nodes_size() != 1 || request.partner().nodes(0).id() != options.subject) {
    return absl::InvalidArgumentError(
        absl::StrCat("join request ", Quoted(options.value, 300), ": not of node ", Quoted(options.subject)));
  }
  return SetPin(std::move(charter), request);
}

void AddSetPin(CLI::App* charter, Context* context) {
  auto o = std::make_shared<CharterOptions>();
  CLI::App* command = charter->add_subcommand("set-pin", "A node shows another TLS key from now on");
  AddCharterFile(command, o.get());
  command->add_option("NODE", o->subject, "The node's id")->required();
  command->add_option("FILE", o->value, "Its new certificate (keys/node.crt), or a join request made anew")->required();
  RunCharter(command, context, [o, context] {
    return EditCharter(*o, {[o](v1::Charter c) { return SetPinFrom(std::move(c), *o); }}, context);
  });
}

void AddRenew(CLI::App* charter, Context* context) {
  auto o = std::make_shared<CharterOptions>();
  CLI::App* command = charter->add_subcommand("renew", "The same charter with a new date of expiry");
  AddCharterFile(command, o.get());
  RunCharter(command, context, [o, context] { return EditCharter(*o, {}, context); });
}

void AddCircle(CLI::App* charter, Context* context) {
  struct Options : CharterOptions {
    std::vector<std::string> add, remove;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = charter->add_subcommand("circle", "Who is in a circle; with nobody named, the circle is removed");
  AddCharterFile(command, o.get());
  command->add_option("NAME", o->subject, "The circle")->required();
  command->add_option("PARTNER", o->more, "All its members from now on");
  command->add_option("--add", o->add, "A partner that comes in; the others stay")->expected(1)->take_all();
  command->add_option("--remove", o->remove, "A partner that goes; the others stay")->expected(1)->take_all();
  RunCharter(command, context, [o, context]() -> absl::StatusOr<ExitCode> {
    const bool steps = !o->add.empty() || !o->remove.empty();
    if (steps && !o->more.empty()) {
      return UsageError("name all members, or use --add and --remove; not both at once");
    }
    const CharterEdit edit = [o, steps](v1::Charter c) {
      return steps ? ChangeCircle(std::move(c), o->subject, o->add, o->remove)
                   : SetCircle(std::move(c), o->subject, o->more);
    };
    return EditCharter(*o, {edit}, context);
  });
}

void AddQuota(CLI::App* charter, Context* context) {
  struct Options : CharterOptions {
    uint64_t records = 0;
    uint64_t bytes = 0;
    uint32_t publishes = 0;
  };
  constexpr uint64_t max = 1'000'000'000'000'000;  // no disk is larger
  auto o = std::make_shared<Options>();
  CLI::App* command = charter->add_subcommand("quota", "What a partner may place on everybody's disk");
  AddCharterFile(command, o.get());
  command->add_option("PARTNER", o->subject, "Its id")->required();
  command->add_option("--records", o->records, "Live records at most; left out or 0: the usual 200,000")
      ->check(WholeNumber(0, max));
  command->add_option("--bytes", o->bytes, "Bytes of records at most; left out or 0: the usual 1 GiB")
      ->check(WholeNumber(0, max));
  command->add_option("--publishes-per-hour", o->publishes, "Publishes an hour at most; left out or 0: the usual 3,600")
      ->check(WholeNumber(0, 1'000'000'000));
  RunCharter(command, context, [o, context] {
    v1::Quota quota;
    quota.set_records_max(o->records);
    quota.set_bytes_max(o->bytes);
    quota.set_publishes_per_hour_max(o->publishes);
    return EditCharter(*o, {[&](v1::Charter c) { return SetQuota(std::move(c), o->subject, quota); }}, context);
  });
}

void AddGovernors(CLI::App* charter, Context* context) {
  struct Options : CharterOptions {
    uint32_t threshold = 0;
  };
  auto o = std::make_shared<Options>();
  CLI::App* command = charter->add_subcommand("governors", "Who governs from the next version on, and how many sign");
  AddCharterFile(command, o.get());
  command
      ->add_option("--governor", o->more, "A governor's office and public key; once for each, all that there will be")
      ->required()
      ->type_name("NAME=FILE")
      ->expected(1)
      ->take_all();
  command->add_option("--threshold", o->threshold, "How many of them must sign a charter")
      ->required()
      ->check(WholeNumber(1, limits::charter_governors_max));
  RunCharter(command, context, [o, context]() -> absl::StatusOr<ExitCode> {
    std::vector<v1::Governor> governors;
    for (const std::string& text : o->more) {
      ASSIGN_OR_RETURN(v1::Governor governor, ParseGovernor(text));
      governors.push_back(std::move(governor));
    }
    RETURN_IF_ERROR(CheckThreshold(o->threshold, governors.size()));
    const CharterEdit edit = [&](v1::Charter c) { return SetGovernors(std::move(c), governors, o->threshold); };
    return EditCharter(*o, {edit}, context);
  });
}

}  // namespace

void AddCharterChangingCommands(CLI::App* charter, Context* context) {
  AddEditCommand(charter, context, "suspend", "Accept nothing new of a partner", "PARTNER", Suspend);
  AddEditCommand(charter, context, "reinstate", "End a suspension", "PARTNER", Reinstate);
  AddRetire(charter, context);
  AddEditCommand(charter, context, "remove-node", "Take one node out; its connections end", "NODE", RemoveNode);
  AddSetEndpoint(charter, context);
  AddSetPin(charter, context);
  AddCircle(charter, context);
  AddQuota(charter, context);
  AddGovernors(charter, context);
  AddRenew(charter, context);
}

}  // namespace cairn
