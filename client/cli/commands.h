// The command groups. Each function adds its commands to `app`; a command that is chosen sets `context->action`.
#pragma once

#include <CLI/CLI.hpp>

#include "client/cli/context.h"

namespace cairn {

void AddNodeCommands(CLI::App* app, Context* context);      // node init, new-key
void AddNodeKeyCommand(CLI::App* node, Context* context);   // new-key, below node
void AddCharterCommands(CLI::App* app, Context* context);   // charter key, init, admit, sign, ...
void AddPublishCommand(CLI::App* app, Context* context);    // publish
void AddEditCommands(CLI::App* app, Context* context);      // withdraw, verified, receipts
void AddSearchCommand(CLI::App* app, Context* context);     // search
void AddReadCommands(CLI::App* app, Context* context);      // get, list
void AddWatchCommand(CLI::App* app, Context* context);      // watch
void AddExportCommand(CLI::App* app, Context* context);     // export
void AddStatusCommand(CLI::App* app, Context* context);     // status
void AddMaintainCommands(CLI::App* app, Context* context);  // verify, rebuild
void AddAccessCommands(CLI::App* app, Context* context);    // token create, list, revoke; audit
void AddBackupCommands(CLI::App* app, Context* context);    // backup, restore

}  // namespace cairn
