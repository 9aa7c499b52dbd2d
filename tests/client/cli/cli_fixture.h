// Runs the command line in the process, against a fake node or against files.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cli/run.h"
#include "common/base/clock.h"
#include "common/base/random.h"
#include "tests/client/fake_node.h"

namespace cairn {

class CliTest : public ::testing::Test {
 protected:
  CliTest() : directory_(absl::StrCat(::testing::TempDir(), "cli-", getpid())) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~CliTest() override { std::filesystem::remove_all(directory_); }

  // Starts the fake node where CAIRN_NODE says.
  FakeNode& StartNode() {
    node_ = std::make_unique<FakeNode>(PathOf("n.sock"));
    variables_["CAIRN_NODE"] = PathOf("n.sock");
    return *node_;
  }

  // Runs one command; what it wrote is in out_ and err_.
  int Run(const std::vector<std::string>& arguments) {
    std::ostringstream out, err;
    Environment environment;
    environment.out = &out;
    environment.err = &err;
    environment.clock = &clock_;
    environment.random = &random_;
    environment.variable = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    environment.call.sleep = [](absl::Duration) {};
    // The clock of the test stands still far from the machine's, from which gRPC counts its deadlines.
    environment.call.clock = Clock::Real();
    const int code = RunCli(arguments, environment);
    out_ = out.str();
    err_ = err.str();
    return code;
  }

  std::string PathOf(const std::string& name) const { return absl::StrCat(directory_, "/", name); }
  void WriteFile(const std::string& name, const std::string& contents) const {
    std::ofstream(PathOf(name), std::ios::binary) << contents;
  }
  std::string ReadFile(const std::string& name) const {
    std::ifstream file(PathOf(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool Exists(const std::string& name) const { return std::filesystem::exists(PathOf(name)); }

  const std::string directory_;
  ManualClock clock_;
  SeededRandom random_{7};
  std::map<std::string, std::string> variables_;
  std::unique_ptr<FakeNode> node_;
  std::string out_, err_;
};

}  // namespace cairn
