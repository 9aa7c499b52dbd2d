// cairn verify, cairn rebuild.
#include "client/cli/commands.h"
#include "client/cli/text_width.h"
#include "client/cli/wording.h"
#include "common/base/status_macros.h"

namespace cairn {
namespace {

// Everything that a verification said.
struct Verified {
  uint64_t checked = 0;
  std::vector<std::string> findings;
  std::vector<std::string> healing;
  bool done = false;
};

void PrintVerified(const Verified& verified, bool deep, Context* context) {
  const Style style = context->style();
  std::ostream& out = context->out();
  if (verified.findings.empty()) {
    out << style.Paint(Tone::kGood, "● All is right: ") << CountOf(verified.checked, "record")
        << (deep ? " hashed and compared with the signed heads and the tables."
                 : " compared with the signed heads. --deep hashes every one.")
        << "\n";
    return;
  }
  out << style.Paint(Tone::kBad, CountOf(verified.findings.size(), "finding")) << " in "
      << CountOf(verified.checked, "record") << "\n";
  for (const std::string& finding : verified.findings) out << "  ! " << Printable(finding) << "\n";
  for (const std::string& feed : verified.healing) out << "  fetching " << Printable(feed) << " anew from peers\n";
  if (verified.healing.empty()) out << "Heal with: cairn verify --heal\n";
}

absl::StatusOr<ExitCode> Verify(const v1::VerifyRequest& request, Context* context) {
  ASSIGN_OR_RETURN(Client* const client, context->client());
  const std::unique_ptr<Progress> progress = context->NewProgress();
  Verified verified;
  RETURN_IF_ERROR(client->Verify(request, [&](const v1::VerifyResponse& response) {
    verified.checked = std::max(verified.checked, response.checked());
    for (const std::string& finding : response.findings()) verified.findings.push_back(finding);
    for (const std::string& feed : response.healing()) verified.healing.push_back(feed);
    verified.done |= response.done();
    progress->Update("verifying", response.checked(), response.total(), "records");
  }));
  progress->Clear();
  if (!verified.done) return absl::AbortedError("the node ended the verification before it was complete; run it again");
  if (context->json) {
    context->PrintJson({{"checked", verified.checked}, {"findings", verified.findings}, {"healing", verified.healing}});
  } else {
    PrintVerified(verified, request.deep(), context);
  }
  return verified.findings.empty() ? kDone : kFailed;
}

absl::StatusOr<ExitCode> Rebuild(Context* context) {
  ASSIGN_OR_RETURN(Client* const client, context->client());
  const std::unique_ptr<Progress> progress = context->NewProgress();
  v1::RebuildResponse last;
  RETURN_IF_ERROR(client->Rebuild([&](const v1::RebuildResponse& response) {
    last = response;
    progress->Update("rebuilding", response.done(), response.total(), "records");
  }));
  progress->Clear();
  if (context->json) {
    context->PrintJson(ToJson(last));
  } else {
    context->out() << "The tables for search and reading were made anew from " << CountOf(last.done(), "record")
                   << ".\n";
  }
  return kDone;
}

}  // namespace

void AddMaintainCommands(CLI::App* app, Context* context) {
  auto request = std::make_shared<v1::VerifyRequest>();
  auto deep = std::make_shared<bool>(false);
  auto heal = std::make_shared<bool>(false);
  CLI::App* verify = app->add_subcommand("verify", "Prove that the records are what their partners signed");
  verify->add_flag("--deep", *deep, "Hash every record and compare every derived row");
  verify->add_flag("--heal", *heal, "Fetch damaged feeds anew from peers; make wrong derived tables anew");
  verify->callback([request, deep, heal, context] {
    request->set_deep(*deep);
    request->set_heal(*heal);
    context->action = [request, context] { return Verify(*request, context); };
  });

  CLI::App* rebuild = app->add_subcommand("rebuild", "Make the tables for search and reading anew from the records");
  rebuild->callback([context] { context->action = [context] { return Rebuild(context); }; });
}

}  // namespace cairn
