// The commands for people's own SQL.
#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/context.h"

namespace cairn {

void AddSnapshotCommand(CLI::App* app, Context* context);  // snapshot
void AddFollowCommand(CLI::App* app, Context* context);    // follow

}  // namespace cairn
