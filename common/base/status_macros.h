// RETURN_IF_ERROR and ASSIGN_OR_RETURN for absl::Status, which abseil 20220623 does not ship.
#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define CAIRN_CONCAT_INNER(a, b) a##b
#define CAIRN_CONCAT(a, b) CAIRN_CONCAT_INNER(a, b)

// Returns from the enclosing function when `expr`, an absl::Status, is not OK.
#define RETURN_IF_ERROR(expr)                          \
  do {                                                 \
    absl::Status cairn_status = (expr);                \
    if (!cairn_status.ok()) return cairn_status;       \
  } while (false)

// Evaluates `expr`, an absl::StatusOr; returns its status when not OK, else assigns its value to `lhs` (which may declare).
#define ASSIGN_OR_RETURN(lhs, expr) CAIRN_ASSIGN_OR_RETURN_IMPL(CAIRN_CONCAT(cairn_statusor_, __LINE__), lhs, expr)
#define CAIRN_ASSIGN_OR_RETURN_IMPL(var, lhs, expr) \
  auto var = (expr);                                \
  if (!var.ok()) return std::move(var).status();    \
  lhs = *std::move(var)
