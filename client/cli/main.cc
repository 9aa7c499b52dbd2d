// cairn: the command line.
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "client/cli/run.h"

namespace {

size_t TerminalColumns() {
  winsize size{};
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  }
  return 0;
}

std::optional<std::string> Variable(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  // gRPC's own lines about connections are for its developers; what a person needs to know is in our messages.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  cairn::Environment environment;
  environment.out = &std::cout;
  environment.err = &std::cerr;
  environment.out_is_terminal = isatty(STDOUT_FILENO) != 0;
  environment.err_is_terminal = isatty(STDERR_FILENO) != 0;
  environment.columns = TerminalColumns();
  environment.random = cairn::SystemRandom();
  environment.variable = Variable;
  return cairn::RunCli(std::vector<std::string>(argv + 1, argv + argc), environment);
}
