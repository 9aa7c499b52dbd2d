// The program `cairn` as a function.
#pragma once

#include <string>
#include <vector>

#include "client/cli/context.h"

namespace cairn {

// Parses and runs one command; `arguments` without the program's name. Returns the exit code: 0 done, 1 refused or
// failed, 2 wrong usage.
int RunCli(const std::vector<std::string>& arguments, Environment environment);

}  // namespace cairn
